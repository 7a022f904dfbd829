"""How strong a fault is."""

from typing import NamedTuple


class Strength(NamedTuple):
    """A fault's measure: `value` in `unit`."""

    value: float
    unit: str


def between(weakest: float, strongest: float, position: float) -> float:
    """From the weakest (0) to the strongest (1), by equal factors."""
    return float(weakest * (strongest / weakest) ** position)
