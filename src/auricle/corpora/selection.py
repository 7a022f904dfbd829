"""What of a manifest can be worked with."""

import logging
from collections.abc import Container

import pandas as pd

from auricle.corpora.places import TRAIN
from auricle.errors import CorpusError

logger = logging.getLogger(__name__)

# A file that goes bad between ingestion and extraction costs itself only; a cache that lacks more than this
# was not filled, and a model trained on the rest would answer for a corpus that it never heard.
MOST_LACKING = 0.1


def usable_paths(manifest: pd.DataFrame) -> dict[str, str]:
    """Relative path by `recording_id` of every recording that is not quarantined."""
    usable = manifest[manifest["status"] == "ok"]
    return dict(zip(usable["recording_id"], usable["path"], strict=True))


def training_paths(manifest: pd.DataFrame) -> dict[str, str]:
    """Relative path by `recording_id` of what models may learn from: under k-fold, whatever has a fold."""
    usable = manifest[(manifest["status"] == "ok") & (manifest["split"] == TRAIN)]
    return dict(zip(usable["recording_id"], usable["path"], strict=True))


def having(
    manifest: pd.DataFrame,
    there: Container[str],
    *,
    what: str,
    pipeline: str,
    most_lacking: float = MOST_LACKING,
) -> pd.DataFrame:
    """The usable recordings whose input is there; a warning counts and names the others.

    Args:
        manifest: of the corpus.
        there: the recordings, by `recording_id`, that have the input.
        what: the input is called in messages.
        pipeline: makes the input.
        most_lacking: the share of the usable recordings that may lack it; one always may.

    Raises:
        CorpusError: none has it, or more than `most_lacking` lack it.
    """
    usable = manifest[manifest["status"] == "ok"]
    found = usable["recording_id"].map(lambda key: key in there).astype(bool)
    lacking = usable[~found]
    if lacking.empty:
        return usable
    told = (
        f"{len(lacking)} of {len(usable)} usable recordings have no {what} of this front end (the first is"
        f" {lacking['path'].iloc[0]})"
    )
    if len(lacking) == len(usable) or len(lacking) > max(1, most_lacking * len(usable)):
        raise CorpusError(
            f"{told}. Run `kedro run --pipelines={pipeline}`: it computes only what is missing, with the"
            " front end of the parameters. A model that was trained with another is to be trained again."
        )
    logger.warning("%s and are left out; `kedro run --pipelines=%s` says why.", told, pipeline)
    return usable[found]
