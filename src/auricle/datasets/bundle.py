"""Bundles as versioned catalog entries."""

from pathlib import Path, PurePosixPath
from typing import Any

from kedro.io import AbstractVersionedDataset, Version

from auricle.datasets.fingerprint import DAMAGED, MISSING
from auricle.errors import BundleError
from auricle.models.bundle import BundleDraft, BundleRef, open_bundle


class BundleDataset(AbstractVersionedDataset[BundleDraft, BundleRef]):
    """A trained model as a folder of safe files, one version per training.

    Saving moves the finished draft into its place by one rename and removes the work directory it came from.

    Example:
        >>> genre.cnn.bundle:
        >>>   type: auricle.datasets.bundle.BundleDataset
        >>>   filepath: data/06_models/genre/cnn/bundle
        >>>   versioned: true
    """

    def __init__(
        self, *, filepath: str, version: Version | None = None, metadata: dict[str, Any] | None = None
    ) -> None:
        super().__init__(filepath=PurePosixPath(filepath), version=version)
        self.metadata = metadata

    def load(self) -> BundleRef:
        """The bundle, its checksums verified."""
        return open_bundle(Path(self._get_load_path()))

    def save(self, data: BundleDraft) -> None:
        """Move the draft into the version's folder."""
        from auricle.training.install import install_draft

        install_draft(data, Path(self._get_save_path()))

    def fingerprint(self) -> str:
        """By the version that would be loaded and its checksums, which leave the card out."""
        if not self.exists():
            return MISSING
        try:
            ref = open_bundle(Path(self._get_load_path()), verify=False)
        except BundleError:
            return DAMAGED
        return f"{ref.version}:{ref.digest}"

    def _exists(self) -> bool:
        return Path(self._get_load_path()).is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "version": self._version}
