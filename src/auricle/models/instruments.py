"""Which instrument plays: names as the numbers that a network with an instrument input takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

UNKNOWN = 0


def takes_instruments(config: Any) -> bool:
    """Whether the network of this configuration asks which instrument plays."""
    return hasattr(config, "instruments")


def told_instruments(config: Mapping[str, Any], rows: pd.DataFrame) -> npt.NDArray[np.int64] | None:
    """The numbers of the instruments of recordings, for a bundle's model; None where it does not ask.

    Args:
        config: `config.json` of the bundle.
        rows: of the manifest, or what has its column `instrument`; where that is missing none is known.
    """
    known = config.get("instruments")
    if known is None:
        return None
    return instrument_codes(rows["instrument"] if "instrument" in rows else [None] * len(rows), known)


def instrument_codes(names: Iterable[object], known: Sequence[str]) -> npt.NDArray[np.int64]:
    """One number for each recording, int64 (n,).

    Args:
        names: of the instruments; what is no text, or not known, is `UNKNOWN`.
        known: the instruments that the network has heard of, the first of which is 1.
    """
    numbers = {name: number for number, name in enumerate(known, start=1)}
    return np.array(
        [numbers.get(name, UNKNOWN) if isinstance(name, str) else UNKNOWN for name in names], dtype=np.int64
    )
