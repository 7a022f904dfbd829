"""The last training of a model that was decided on, whichever way the decision went."""

from pathlib import Path
from typing import Any

import pandas as pd
from kedro.io import AbstractDataset

from auricle.datasets.fingerprint import digest, fingerprint_of_path
from auricle.models.bundle import SEEN
from auricle.models.champion import CHAMPION, read_moves
from auricle.retraining.decision import PROMOTED
from auricle.retraining.decisions import decision_files, read_decisions
from auricle.retraining.gate import Tried


class TriedDataset(AbstractDataset[None, Tried | None]):
    """Loads what the challenger of the newest decision has seen; None where nothing was decided yet.

    Example:
        >>> genre.cnn.tried:
        >>>   type: auricle.datasets.tried.TriedDataset
        >>>   decisions: {filepath: data/08_reporting/genre/cnn/decision.json}
        >>>   models: {filepath: data/06_models/genre/cnn}
    """

    def __init__(
        self, *, decisions: dict[str, str], models: dict[str, str], metadata: dict[str, Any] | None = None
    ) -> None:
        # By the name `filepath` Kedro knows what is relative to the project.
        self._decisions, self._models = Path(decisions["filepath"]), Path(models["filepath"])
        self.metadata = metadata

    def load(self) -> Tried | None:
        """The last training."""
        decisions = read_decisions(self._decisions)
        if not decisions:
            return None
        last = decisions[-1]
        version = last["challenger"]["version"]
        carried_out = version in {move.version for move in read_moves(self._models / CHAMPION)}
        # Among challengers, or among other bundles: where versions lie is their own business.
        lists = sorted(self._models.glob(f"*/{version}/*/{SEEN}"))
        return Tried(
            decided_at=str(last["decided_at"]),
            data_digest=last["challenger"].get("data_digest"),
            recordings=pd.read_parquet(lists[0]) if lists else None,
            undone=last["outcome"] == PROMOTED and not carried_out,
        )

    def save(self, data: None) -> None:
        """Refused: decisions are made elsewhere.

        Raises:
            DatasetError: always.
        """
        raise NotImplementedError("what was tried is told by the decisions")

    def fingerprint(self) -> str:
        """By the files of all decisions."""
        return digest(f"{file}={fingerprint_of_path(file)}" for file in decision_files(self._decisions))

    def _exists(self) -> bool:
        return bool(decision_files(self._decisions))

    def _describe(self) -> dict[str, Any]:
        return {"decisions": str(self._decisions), "models": str(self._models)}
