"""The nodes that export one network. Heavy imports stand inside the functions."""

import logging
from collections.abc import Iterator
from typing import Any

from auricle.errors import NotExportableError
from auricle.models.bundle import BundleRef

logger = logging.getLogger(__name__)


def export(champion: BundleRef | None, name: str) -> Iterator[bytes]:
    """A champion as ONNX, compared with torch; none, and a line in the log, where there is no champion.

    Raises:
        DivergedError: the file says something else than the network, and is not written.
    """
    from auricle.models.onnx_check import checked
    from auricle.models.onnx_export import onnx_of
    from auricle.models.registry import load_deep

    if champion is None:
        _say_untrained(name)
        return
    try:
        content = onnx_of(champion)
    except NotExportableError as error:
        logger.warning("%s is not exported. %s", name, error)
        return
    yield checked(content, load_deep(champion))


def tell_check(champion: BundleRef | None, onnx: bytes | None, name: str) -> Iterator[dict[str, Any]]:
    """How far the file differs from torch, as it says of itself; nothing where there is no file."""
    from auricle.models.onnx_check import check_in

    if champion is None or onnx is None:
        return
    check = check_in(onnx)
    logger.info("%s as ONNX differs from torch by %.1e at most", name, check["max_difference"])
    yield check


def _say_untrained(name: str) -> None:
    from auricle.studies import TRAINED_BY

    model = name.rpartition(".")[2]
    logger.info("%s is not trained; kedro run --pipelines=%s trains it", name, TRAINED_BY[model])
