"""The champion before it is decided upon: what it says of the present recordings, if it can."""

import logging
from collections.abc import Callable

import pandas as pd

from auricle.errors import AuricleError
from auricle.models.bundle import BundleRef
from auricle.retraining.aspects import KEYS

logger = logging.getLogger(__name__)


def if_it_can(
    champion: BundleRef | None, predict: Callable[[BundleRef], tuple[pd.DataFrame, pd.DataFrame]]
) -> tuple[pd.DataFrame, ...]:
    """Its predictions and its embeddings; none where there is no champion.

    Where the corpus was prepared for another front end both are empty, with a warning: it cannot be compared,
    which is a matter for the decision to tell, and no reason to fail. Empty tables take the place of what it
    has said of an earlier corpus, by which nobody is to judge it; `where_it_could` reads them.

    Args:
        champion: that predicts.
        predict: gives predictions and embeddings.
    """
    if champion is None:
        return ()
    try:
        return predict(champion)
    except AuricleError as error:
        logger.warning("The champion %s cannot predict the present recordings: %s", champion.version, error)
        return tuple(pd.DataFrame({key: pd.Series(dtype=object) for key in KEYS}) for _ in range(2))


def where_it_could(said: pd.DataFrame | None) -> pd.DataFrame | None:
    """A table of `if_it_can`; None where the champion could not predict the corpus, or there is none."""
    return None if said is None or said.empty else said
