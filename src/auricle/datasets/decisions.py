"""What was decided on a model's challengers, and where its champion went: for those who tell its history."""

from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from auricle.datasets.fingerprint import digest, fingerprint_of_path
from auricle.models.champion import read_moves
from auricle.retraining.decisions import Json, decision_files, read_decisions


class DecisionsDataset(AbstractDataset[None, list[Json]]):
    """Loads all decisions on a model, the oldest first; there may be none.

    Example:
        >>> genre.cnn.decisions:
        >>>   type: auricle.datasets.decisions.DecisionsDataset
        >>>   decisions: {filepath: data/08_reporting/genre/cnn/decision.json}
    """

    def __init__(self, *, decisions: dict[str, str], metadata: dict[str, Any] | None = None) -> None:
        # By the name `filepath` Kedro knows what is relative to the project.
        self._decisions = Path(decisions["filepath"])
        self.metadata = metadata

    def load(self) -> list[Json]:
        """The decisions."""
        return read_decisions(self._decisions)

    def save(self, data: None) -> None:
        """Refused: decisions are made elsewhere.

        Raises:
            DatasetError: always.
        """
        raise NotImplementedError("each decision is a file of its own")

    def fingerprint(self) -> str:
        """By the files of all decisions."""
        return digest(f"{file}={fingerprint_of_path(file)}" for file in decision_files(self._decisions))

    def _exists(self) -> bool:
        return bool(decision_files(self._decisions))

    def _describe(self) -> dict[str, Any]:
        return {"decisions": str(self._decisions)}


class MovesDataset(AbstractDataset[None, list[Json]]):
    """Loads all moves of a champion's pointer, the oldest first; there may be none.

    Example:
        >>> genre.cnn.moves:
        >>>   type: auricle.datasets.decisions.MovesDataset
        >>>   champion: {filepath: data/06_models/genre/cnn/champion.json}
    """

    def __init__(self, *, champion: dict[str, str], metadata: dict[str, Any] | None = None) -> None:
        self._pointer = Path(champion["filepath"])
        self.metadata = metadata

    def load(self) -> list[Json]:
        """The moves, see `auricle.models.champion.Move`."""
        return [move._asdict() for move in read_moves(self._pointer)]

    def save(self, data: None) -> None:
        """Refused: the pointer is moved elsewhere.

        Raises:
            DatasetError: always.
        """
        raise NotImplementedError("the pointer keeps its moves itself")

    def fingerprint(self) -> str:
        """By the pointer's file, which holds them."""
        return fingerprint_of_path(self._pointer)

    def _exists(self) -> bool:
        return self._pointer.exists()

    def _describe(self) -> dict[str, Any]:
        return {"champion": str(self._pointer)}
