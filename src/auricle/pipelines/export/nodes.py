"""The nodes that export one model. Heavy imports stand inside the functions."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from auricle.audio.limits import AudioLimits
from auricle.errors import DivergedError, NotExportableError
from auricle.inference.export_params import ExportParams
from auricle.models.bundle import BundleRef

logger = logging.getLogger(__name__)


def export(
    champion: BundleRef | None, manifest: pd.DataFrame, recordings: Path, decoding: AudioLimits, name: str
) -> Iterator[bytes]:
    """A champion as ONNX, compared with itself; none, and a line in the log, where there is no champion.

    Raises:
        DivergedError: the file says something else than the model, and is not written.
    """
    from auricle.inference.export import exported_file

    if champion is None:
        _say_untrained(name)
        return
    try:
        yield exported_file(champion, manifest, recordings, decoding)
    except NotExportableError as error:
        logger.warning("%s is not exported. %s", name, error)


def export_waveforms(
    champion: BundleRef | None,
    onnx: bytes | None,
    manifest: pd.DataFrame,
    recordings: Path,
    params: ExportParams,
    decoding: AudioLimits,
    name: str,
) -> Iterator[bytes]:
    """An exported champion with its front end; none, and a warning, where that says something else."""
    from auricle.inference.export import waveform_file

    if champion is None or onnx is None or not params.waveforms:
        return
    try:
        yield waveform_file(champion, manifest, recordings, decoding)
    except (NotExportableError, DivergedError) as error:
        logger.warning("%s is exported without its front end only. %s", name, error)


def tell_check(champion: BundleRef | None, onnx: bytes | None, name: str) -> Iterator[dict[str, Any]]:
    """How far the file differs from the model, as it says of itself; nothing where there is no file."""
    from auricle.models.onnx_check import check_in

    if champion is None or onnx is None:
        return
    check = check_in(onnx)
    heard = check["recordings"]
    logger.info(
        "%s as ONNX differs by %.1e at most, on %d recordings by %.1e in a probability; it decides the same",
        name,
        check["max_difference"],
        heard["decisions"],
        heard["max_difference"],
    )
    yield check


def _say_untrained(name: str) -> None:
    from auricle.studies import TRAINED_BY

    model = name.rpartition(".")[2]
    logger.info("%s is not trained; kedro run --pipelines=%s trains it", name, TRAINED_BY[model])
