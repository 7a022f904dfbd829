"""The champion of a model, and the outputs (predictions, embeddings, metrics, pictures) that belong to it."""

from copy import deepcopy
from pathlib import Path
from typing import Any, ClassVar

from kedro.io import AbstractDataset
from kedro.io.core import parse_dataset_definition
from kedro_datasets._typing import JSONPreview

from auricle.datasets.fingerprint import DAMAGED, MISSING, fingerprint_of, fingerprint_of_path
from auricle.errors import BundleError
from auricle.models.bundle import BundleRef
from auricle.models.champion import Promotion, read_champion, write_champion


class ChampionDataset(AbstractDataset[BundleRef | Promotion, BundleRef | None]):
    """The pointer to the bundle that every consumer of a model loads.

    Saving a bundle moves the pointer to it, atomically, in the name of training; saving a promotion does so
    in the name of retraining, with its reason. Loading follows the pointer and verifies the bundle.
    With `missing_ok`, a model that was never trained loads as None, for those who compare what there is.

    Example:
        >>> genre.cnn.champion:
        >>>   type: auricle.datasets.champion.ChampionDataset
        >>>   filepath: data/06_models/genre/cnn/champion.json
    """

    changed_by_others: ClassVar[bool] = True  # kedro rollback, and retrain by its rule

    def __init__(
        self, *, filepath: str, missing_ok: bool = False, metadata: dict[str, Any] | None = None
    ) -> None:
        self._pointer = Path(filepath)
        self._missing_ok = missing_ok
        self.metadata = metadata

    def load(self) -> BundleRef | None:
        """The champion's bundle, its checksums verified."""
        if self._missing_ok and not self._pointer.exists():
            return None
        return read_champion(self._pointer)

    def save(self, data: BundleRef | Promotion) -> None:
        """Move the pointer to this bundle.

        Raises:
            BundleError: of a promotion, the champion is not the one that it was decided against, or the
                challenger was taken out of use since.
        """
        if isinstance(data, Promotion):
            told = {"asked_by": data.asked_by, "reason": data.reason, "replaces": data.replaces}
            write_champion(self._pointer, data.bundle, moved_by="retrain", **told)
        else:
            write_champion(self._pointer, data, moved_by="training")

    def fingerprint(self) -> str:
        """By the bundle that it points to; when and by whom it was moved there tells nothing."""
        if not self._pointer.exists():
            return MISSING
        try:
            ref = read_champion(self._pointer, verify=False)
        except BundleError:
            return DAMAGED
        return f"{ref.version}:{ref.digest}"

    def _exists(self) -> bool:
        return self._pointer.exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._pointer)}

    def preview(self) -> JSONPreview:
        """The pointer's own JSON; an empty one where the model was never trained."""
        if not self._pointer.exists():
            return JSONPreview("{}")
        return JSONPreview(self._pointer.read_text(encoding="utf-8"))


class ChampionOutputDataset(AbstractDataset[Any, Any]):
    """An output that belongs to a champion's version: it lies in a folder named after that version.

    Wraps any dataset whose configuration has a `filepath`; the version's folder is put before the file's
    name, so that the outputs of an older champion stay beside those of the present one.

    Example:
        >>> genre.cnn.predictions:
        >>>   type: auricle.datasets.champion.ChampionOutputDataset
        >>>   champion: {filepath: data/06_models/genre/cnn/champion.json}
        >>>   dataset:
        >>>     type: pandas.ParquetDataset
        >>>     filepath: data/07_model_output/genre/cnn/predictions.parquet
    """

    def __init__(
        self,
        *,
        champion: dict[str, str],
        dataset: dict[str, Any],
        missing_ok: bool = False,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._pointer = Path(champion["filepath"])
        self._config = dataset
        self._missing_ok = missing_ok
        self.metadata = metadata

    def load(self) -> Any:
        """What the present champion's version holds; None where `missing_ok` is set and nothing is there."""
        if self._missing_ok and not self._exists():
            return None
        return self._wrapped().load()

    def save(self, data: Any) -> None:
        """Write into the folder of the present champion's version."""
        self._wrapped().save(data)

    @property
    def preview(self) -> Any:
        """The wrapped dataset's own preview, where it has one and the champion has this output."""
        if not self._exists():
            raise AttributeError("nothing to preview yet")
        return self._wrapped().preview  # type: ignore[attr-defined]

    def _version(self) -> str:
        return read_champion(self._pointer, verify=False).version

    def _wrapped(self) -> AbstractDataset[Any, Any]:
        version = self._version()
        template = Path(self._config["filepath"])
        config = deepcopy(self._config) | {"filepath": str(template.parent / version / template.name)}
        dataset_class, arguments = parse_dataset_definition(config)
        return dataset_class(**arguments)

    def fingerprint(self) -> str | None:
        """That of the wrapped dataset, of the present champion's version."""
        try:
            return fingerprint_of(self._wrapped()) if self._exists() else MISSING
        except BundleError:
            return DAMAGED

    def _exists(self) -> bool:
        return self._pointer.exists() and self._wrapped().exists()

    def _describe(self) -> dict[str, Any]:
        try:
            there = {"filepath": self._wrapped()._describe()["filepath"]} if self._exists() else {}
        except BundleError:  # a champion that is damaged is described, too: commands that mend it ask
            there = {}
        return {"champion": str(self._pointer), "dataset": self._config, **there}


class ChallengerOutputDataset(ChampionOutputDataset):
    """An output of the newest challenger, in the folder of its version: it stays there if it is promoted.

    Example:
        >>> genre.cnn.challenger.predictions:
        >>>   type: auricle.datasets.champion.ChallengerOutputDataset
        >>>   challengers: {filepath: data/06_models/genre/cnn/challenger}
        >>>   dataset:
        >>>     type: pandas.ParquetDataset
        >>>     filepath: data/07_model_output/genre/cnn/predictions.parquet
    """

    def __init__(
        self,
        *,
        challengers: dict[str, str],
        dataset: dict[str, Any],
        missing_ok: bool = False,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(champion=challengers, dataset=dataset, missing_ok=missing_ok, metadata=metadata)

    def _version(self) -> str:
        if not (found := self._versions()):
            raise BundleError(
                f"{self._pointer} has no challenger yet: kedro run --pipelines=retrain trains it."
            )
        return found[-1]

    def _versions(self) -> list[str]:
        return sorted(path.parent.name for path in self._pointer.glob(f"*/{self._pointer.name}"))

    def _exists(self) -> bool:
        return bool(self._versions()) and self._wrapped().exists()


class ModelCardDataset(AbstractDataset[str, str]):
    """The model card of the champion: README.md inside its bundle, which the bundle's checksums leave out.

    The card holds figures, which exist only after the bundle was sealed and evaluated.

    Example:
        >>> genre.cnn.card:
        >>>   type: auricle.datasets.champion.ModelCardDataset
        >>>   champion: {filepath: data/06_models/genre/cnn/champion.json}
    """

    changed_by_others: ClassVar[bool] = True  # people edit cards

    def __init__(self, *, champion: dict[str, str], metadata: dict[str, Any] | None = None) -> None:
        self._pointer = Path(champion["filepath"])
        self.metadata = metadata

    def load(self) -> str:
        """The card's Markdown."""
        return self._path().read_text(encoding="utf-8")

    def save(self, data: str) -> None:
        """Write the card into the champion's bundle."""
        self._path().write_text(data, encoding="utf-8")

    def _path(self) -> Path:
        return read_champion(self._pointer, verify=False).path / "README.md"

    def fingerprint(self) -> str:
        """By its text."""
        try:
            return fingerprint_of_path(self._path()) if self._exists() else MISSING
        except BundleError:
            return DAMAGED

    def _exists(self) -> bool:
        return self._pointer.exists() and self._path().exists()

    def _describe(self) -> dict[str, Any]:
        return {"champion": str(self._pointer)}
