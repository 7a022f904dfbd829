"""The champion before it is decided upon: what it says of the present recordings, if it can."""

import logging
from collections.abc import Callable

import pandas as pd

from auricle.errors import AuricleError
from auricle.models.bundle import BundleRef

logger = logging.getLogger(__name__)


def if_it_can(
    champion: BundleRef | None, predict: Callable[[BundleRef], tuple[pd.DataFrame, pd.DataFrame]]
) -> tuple[pd.DataFrame, ...]:
    """Its predictions and its embeddings, or none.

    There are none where there is no champion, nor, with a warning, where the corpus was prepared for another
    front end. Then it cannot be compared, which is a matter for the decision to tell, and no reason to fail.

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
        return ()
