"""A bundle copied with all that it needs, and nothing else, into one folder."""

import logging
import os
import shutil
from pathlib import Path, PurePath

from auricle.errors import BundleError, ConfigurationError, MissingPackageError
from auricle.inference.figures import METRICS
from auricle.inference.onnx_network import FILE, load_onnx, onnx_file
from auricle.models.bundle import CARD, BundleRef, open_bundle, sealed_files
from auricle.models.members import MEMBERS, open_members
from auricle.models.registry import ENSEMBLE

# What a bundle may hold: data, none of which runs anything when it is read.
SHARED = frozenset({".json", ".safetensors", ".skops", ".parquet", ".md"})
UNSEALED = (CARD, METRICS)

logger = logging.getLogger(__name__)


def pack(bundle: BundleRef, out: Path) -> BundleRef:
    """Copy a bundle, its card, figures and export; of an ensemble its members too, in the folder `members`.

    What `kedro run --pipelines=export` wrote is taken along where it is this very bundle's, so that ONNX
    Runtime computes it on CPUs elsewhere too; the bundle's digest does not change by it.

    Args:
        bundle: of any model.
        out: the new folder; it appears at once, when it is whole.

    Raises:
        ConfigurationError: there is something at `out`.
        BundleError: a member is missing or damaged, or the bundle holds files that are not shared.
    """
    if out.exists() and (out.is_file() or any(out.iterdir())):
        raise ConfigurationError(f"out is {out}, where there is something already. Name a new folder.")
    out.parent.mkdir(parents=True, exist_ok=True)
    staged = out.with_name(f".{out.name}.{os.getpid()}.part")
    shutil.rmtree(staged, ignore_errors=True)
    try:
        _copy(bundle, staged)
        if out.is_dir():  # and empty
            out.rmdir()
        staged.rename(out)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return open_bundle(out)


def _copy(bundle: BundleRef, folder: Path) -> None:
    folder.mkdir(parents=True)
    names = [*sealed_files(bundle.path), *(name for name in UNSEALED if (bundle.path / name).is_file())]
    for name in names:
        if PurePath(name).suffix not in SHARED:
            raise BundleError(
                f"{bundle.path / name} is no file that bundles are shared with ({', '.join(sorted(SHARED))}):"
                " train the model again."
            )
        shutil.copyfile(bundle.path / name, folder / name)
    if _is_exported(bundle):
        shutil.copyfile(onnx_file(bundle), folder / FILE)
    if bundle.config["model_type"] == ENSEMBLE:
        for model, member in open_members(bundle).items():
            _copy(member, folder / MEMBERS / model)


def _is_exported(bundle: BundleRef) -> bool:
    """Whether it is there as ONNX, and the file is of exactly this bundle; says why one is left behind."""
    if not onnx_file(bundle).is_file():
        return False
    try:
        load_onnx(bundle)
    except (ConfigurationError, MissingPackageError) as error:
        logger.warning("%s is not taken along: %s", onnx_file(bundle), error)
        return False
    return True
