"""What of a corpus can be recommended, and whether anything can."""

import logging

import numpy as np
import numpy.typing as npt
import pandas as pd

from auricle.corpora.grouping import normalized
from auricle.corpora.places import TEST, TRAIN, VALIDATION
from auricle.errors import ConfigurationError, CorpusError
from auricle.models.bundle import BundleRef
from auricle.recommendation.windows import COLUMNS
from auricle.similarity.contents import artist_column
from auricle.studies import TRAINED_BY

ARTIST = "recommendation.artist"

BoolArray = npt.NDArray[np.bool_]

logger = logging.getLogger(__name__)


def check_trained(champion: BundleRef | None, name: str) -> BundleRef:
    """Refuse to recommend by a model that there is not; returns it.

    Raises:
        ConfigurationError: it is not trained.
    """
    if champion is not None:
        return champion
    raise ConfigurationError(
        f"{name} is not trained, and recommendations are by its champion. Train it with `kedro run"
        f" --pipelines={TRAINED_BY[name.rpartition('.')[2]]}`."
    )


def check_corpus(manifest: pd.DataFrame, artist: str | None) -> None:
    """Refuse a corpus of which nothing can be recommended.

    Args:
        manifest: of the corpus.
        artist: column that names the artist, where one is asked for.

    Raises:
        CorpusError: everything is rated, or nothing.
        ConfigurationError: there is no such column.
    """
    artist_column(manifest, artist, by=ARTIST)
    usable = manifest[manifest["status"] == "ok"]
    rated = int(usable["rating"].notna().sum())
    if not rated:
        raise CorpusError(
            f"None of the {len(usable)} usable recordings is rated: no interval can be had, and no reason"
            " given. Rate some, or read the ratings that there are (ingest.layout: ratings)."
        )
    if rated == len(usable):
        raise CorpusError(
            f"All {rated} usable recordings are rated: there is nothing to recommend. Add recordings that are"
            " not rated to the folder, or clear ratings."
        )


def embedded_rows(manifest: pd.DataFrame, windows: pd.DataFrame | None, artist: str | None) -> pd.DataFrame:
    """Usable recordings with windows by their ids; `one_of` is the artist, of one unknown the group.

    Artists are compared as groups are, without regard to case and spacing.
    """
    check_corpus(manifest, artist)
    usable = manifest[manifest["status"] == "ok"]
    known = usable.merge(
        pd.DataFrame(columns=list(COLUMNS)) if windows is None else windows, on="recording_id"
    )
    check_corpus(known, artist)
    known = known.sort_values("recording_id", ignore_index=True)
    if (lacking := len(usable) - len(known)) > 0:
        logger.warning("%s of %s usable recordings are not embedded and left out", lacking, len(usable))
    named = known[artist_column(known, artist, by=ARTIST)]
    one_of = named.map(lambda name: normalized(str(name)), na_action="ignore").astype("object")
    nameless = one_of.isna() | one_of.eq("")
    return known.assign(artist=named, one_of=one_of.mask(nameless, known["group"]))


def unheard(champion: BundleRef, rows: pd.DataFrame) -> BoolArray:
    """Which recordings a model has not learned from, as far as its bundle tells, bool (n,).

    Splits may have changed since: what is validation now may have been in training then, and what is test
    now in validation, by which the best epoch was chosen.

    Args:
        champion: the model.
        rows: `recording_id`, `rating` and `split` (now).
    """
    if champion.recordings is None:
        logger.warning(
            "The model is older than the list of what a model has learned from: whether intervals rest on"
            " recordings it has not heard is not known. Train it again, if splits have changed since."
        )
        return np.ones(len(rows), dtype=bool)
    was = rows["recording_id"].map(champion.recordings.set_index("recording_id")["split"])
    moved = rows["split"].eq(VALIDATION) & was.eq(TRAIN)
    moved |= rows["split"].eq(TEST) & was.isin([TRAIN, VALIDATION])
    if count := int((moved & rows["rating"].notna()).sum()):
        logger.warning(
            "%s rated recordings that are validation or test now were in training when the model was made:"
            " intervals do without them. Train it again, so that they count.",
            count,
        )
    return np.asarray(~moved, dtype=bool)
