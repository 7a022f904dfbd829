"""The instruments that a person tells, as far as the model knows of them."""

import logging
from collections.abc import Sequence

from auricle.errors import ConfigurationError

Instruments = str | None | Sequence[str | None]

logger = logging.getLogger(__name__)


def told(instrument: Instruments, count: int, known: Sequence[str]) -> list[str | None]:
    """The instrument of each recording; None where it is not told, or not known to the model.

    Args:
        instrument: one for all, or one for each.
        count: recordings that are asked about.
        known: instruments that the model has an input for. Of any other name a warning says, once, that it
            is taken as unknown.

    Raises:
        ConfigurationError: as many instruments as recordings are needed, and there are not.
    """
    names = [instrument] * count if instrument is None or isinstance(instrument, str) else list(instrument)
    if len(names) != count:
        raise ConfigurationError(
            f"instrument has {len(names)} entries for {count} recording{'s' * (count != 1)}: give one name"
            " for all, or one for each, None where it is not known."
        )
    for name in dict.fromkeys(name for name in names if name is not None and name not in known):
        logger.warning(
            "The instrument %r is taken as unknown: this model knows %s.",
            name,
            ", ".join(known) or "of no instruments",
        )
    return [name if name in known else None for name in names]
