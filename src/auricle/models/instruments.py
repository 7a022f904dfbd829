"""Which instrument plays: names as the numbers that a network with an instrument input takes."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

UNKNOWN = 0


def takes_instruments(config: Any) -> bool:
    """Whether a network asks which instrument plays."""
    return hasattr(config, "instruments")


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
