"""Putting recordings into splits or folds, so that no group is ever in two and none ever moves."""

import logging
from collections import Counter
from collections.abc import Iterable

import numpy as np
import pandas as pd

from auricle.corpora.grouping import copy_keys, group_keys, own_group
from auricle.corpora.ledger import append, read_history
from auricle.corpora.linking import LINKS_SPLITS, Links, link
from auricle.corpora.params import IngestParams
from auricle.corpora.places import TRAIN_OR_VALIDATION, UNLABELLED, Places
from auricle.corpora.stratify import Balance, Contents, distribute
from auricle.errors import ConfigurationError

logger = logging.getLogger(__name__)

NOT_LISTED = "not in the published split lists (unlisted: exclude)"
DUPLICATE = "exact duplicate"
_RATING_BINS = 5


def assign_splits(
    table: pd.DataFrame,
    ledger: pd.DataFrame | None,
    params: IngestParams,
    near_duplicates: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Group recordings and find a place for each group: known, published, or where it is wanted most.

    Args:
        table: Usable recordings: `recording_id`, `path`, `label`, `labels`, `rating`, `published_split`,
            `published_fold`, and the columns that `params.group_by` names.
        ledger: What was decided before, or None.
        params: Grouping, protocol and shares.
        near_duplicates: What `find_near_duplicates` gives.

    Returns:
        A table with the index of `table`: `group`, `split` (`train`, `validation`, `test`, `unlabelled`, or
        missing where the recording is refused), `fold` (-1 but for labelled recordings under k-fold), and
        `reason` (missing unless refused: it links two splits, is an exact duplicate, or is in no published
        list). And the ledger, with the new rows below the old ones.

    Raises:
        ConfigurationError: Group columns or published folds that the corpus does not have.
        CorpusError: A ledger that is none.
    """
    places = Places.of(params)
    history = read_history(ledger, places)
    published = places.published(table)
    keys = group_keys(table, params)
    labelled = is_labelled(table)
    reasons = _unlisted(published, labelled, params)
    linked = reasons.isna()
    copies = copy_keys(near_duplicates)
    links, refused = link(
        keys[linked], published[linked], table["path"][linked], history, places, copies=copies
    )
    reasons = reasons.fillna(refused.reindex(reasons.index))
    joined = reasons.isna()
    agreeing = published[joined] == links.places_of(keys["recording"][joined])
    # Filtered last: a column given to a table without rows would bring its own rows along.
    disagreeing = (~agreeing).reindex(table.index, fill_value=False)
    rows = table.assign(published=published, unlabelled=~labelled, disagreeing=disagreeing)[joined]
    reasons = reasons.fillna(_duplicates(rows).reindex(reasons.index))
    names = _group_names(keys[joined], links, history)
    group = _groups_of_all(keys, links, names)
    contents = _contents(table[reasons.isna() & labelled], group)
    decided = _decide(contents, names, links, places, params)
    place = group.map(decided)
    assignments = _assignments(group, place, labelled, reasons, places)
    _log(published, place, keys["recording"].isin(history["group"]), reasons)
    new = _new_rows(
        keys[joined], group[joined], place[joined], published[joined], history=history, places=places
    )
    return assignments, append(ledger, new)


def is_labelled(table: pd.DataFrame) -> pd.Series:
    """Whether a recording has anything to learn from: a label, labels, or a rating."""
    return table["label"].notna() | (table["labels"].map(len) > 0) | table["rating"].notna()


def classes_of(label: str | None, labels: Iterable[str], rating: float) -> list[str]:
    """What a recording is stratified by: its primary label, else its labels, else how high its rating is."""
    if isinstance(label, str):
        return [label]
    several = sorted(set(labels))
    return several or [f"rating {min(int(rating * _RATING_BINS), _RATING_BINS - 1)}"]


def _unlisted(published: pd.Series, labelled: pd.Series, params: IngestParams) -> pd.Series:
    reasons = pd.Series(None, index=published.index, dtype="str")
    if params.unlisted == "assign":
        return reasons
    if published.isna().all():
        raise ConfigurationError(
            "unlisted: exclude keeps only recordings in published lists, but the corpus publishes none for"
            f" protocol {params.protocol}. Set unlisted: assign, or add the lists."
        )
    return reasons.mask(published.isna() & labelled, NOT_LISTED)


def _duplicates(rows: pd.DataFrame) -> pd.Series:
    """The reason of each further copy of the same bytes.

    The one that counts is labelled, in the list that decided the split, and the first by path.
    """
    order = rows.sort_values(["unlabelled", "disagreeing", "path"])
    first = order.groupby("recording_id")[["path", "label", "published"]].transform("first")
    reasons = f"{DUPLICATE} of " + first["path"]
    for column, said in (("label", "labelled"), ("published", "published in")):
        conflict = order[column].notna() & first[column].notna() & (order[column] != first[column])
        reasons = reasons.mask(
            conflict, reasons + f", which is {said} '" + first[column] + "', not '" + order[column] + "'"
        )
    return reasons.where(order["recording_id"].duplicated())


def _group_names(keys: pd.DataFrame, links: Links, history: pd.DataFrame) -> dict[str, str]:
    """Root of each group to its name: the one in the ledger, else its first key, metadata before bytes."""
    names: dict[str, str] = {}
    for group, member_of in zip(history["group"].tolist(), history["member_of"].tolist(), strict=True):
        names.setdefault(links.sets[group], member_of)
    candidates = sorted(set(own_group(keys)), key=lambda key: (key.startswith("recording:"), key))
    for key in candidates:
        names.setdefault(links.sets[key], key)
    return names


def _groups_of_all(keys: pd.DataFrame, links: Links, names: dict[str, str]) -> pd.Series:
    """The group of each recording; one that joined nothing bears the name that its own metadata give."""
    own = own_group(keys)
    return own.map(lambda key: names.get(links.sets[key], key) if key in links.sets else key).astype("str")


def _contents(table: pd.DataFrame, group: pd.Series) -> dict[str, Contents]:
    classes: dict[str, Counter[str]] = {}
    labels: dict[str, Counter[str]] = {}
    columns = [table[name].tolist() for name in ("label", "labels", "rating")]
    for name, label, several, rating in zip(group[table.index].tolist(), *columns, strict=True):
        strata = classes_of(label, several, rating)
        classes.setdefault(name, Counter()).update(strata)
        labels.setdefault(name, Counter()).update(sorted(set(several) - set(strata)))
    return {
        name: Contents(tuple(sorted(classes[name].items())), tuple(sorted(labels[name].items())))
        for name in classes
    }


def _decide(
    contents: dict[str, Contents], names: dict[str, str], links: Links, places: Places, params: IngestParams
) -> dict[str, str]:
    """Every group's place. Groups without anything to learn from stay undecided until they have it."""
    said = {name: links.place_of_root.get(root) for root, name in names.items()}
    decided = {name: place for name, place in said.items() if place is not None and place in places.shares}
    balance = Balance(places.shares)
    for name, place in decided.items():
        if name in contents:
            balance.add(contents[name], place)
    for open_to in (TRAIN_OR_VALIDATION, None):
        waiting = {
            name: held for name, held in contents.items() if name not in decided and said[name] == open_to
        }
        if waiting:
            decided |= distribute(waiting, balance, places.allowed(open_to), params.seed)
    return decided


def _assignments(
    group: pd.Series, place: pd.Series, labelled: pd.Series, reasons: pd.Series, places: Places
) -> pd.DataFrame:
    known = {name: places.split_and_fold(name) for name in places.shares}
    split = place.map({name: split for name, (split, _) in known.items()}).astype("str")
    fold = place.map({name: fold for name, (_, fold) in known.items()}).astype("float64")
    counted = reasons.isna()
    return pd.DataFrame(
        {
            "group": group,
            "split": split.where(labelled, UNLABELLED).where(counted),
            "fold": fold.where(labelled & counted, -1).astype("int64"),
            "reason": reasons,
        }
    )


def _new_rows(
    keys: pd.DataFrame,
    group: pd.Series,
    place: pd.Series,
    published: pd.Series,
    *,
    history: pd.DataFrame,
    places: Places,
) -> pd.DataFrame:
    """A ledger row for each key that has a place and was not known."""
    rows = pd.DataFrame({"member_of": group, "place": place, "published": published == place})
    origin = rows.groupby("member_of")["published"].any().map({True: "published", False: "assigned"})
    before = history.drop_duplicates("member_of").set_index("member_of")["origin"]
    rows["origin"] = rows["member_of"].map(before).astype("str").fillna(rows["member_of"].map(origin))
    rows = pd.concat([rows.assign(group=keys[name]) for name in keys], ignore_index=True)
    rows = rows.dropna(subset=["group", "place"]).drop_duplicates("group")
    rows = rows[~rows["group"].isin(history["group"])]
    where = [places.split_and_fold(name) for name in rows["place"]]
    split, fold = [split for split, _ in where], np.array([fold for _, fold in where], dtype=np.int64)
    return rows.assign(split=split, fold=fold, protocol=places.protocol)


def _log(published: pd.Series, place: pd.Series, known: pd.Series, reasons: pd.Series) -> None:
    elsewhere = known & published.notna() & (published != TRAIN_OR_VALIDATION) & (published != place)
    if elsewhere.any():
        logger.warning(
            "%d recordings are in another split than the lists publish, because they were split before"
            " the lists were known, and nothing moves. To follow the lists, delete the ledger of splits.",
            int(elsewhere.sum()),
        )
    torn = known & reasons.str.startswith(LINKS_SPLITS).fillna(False)
    if torn.any():
        logger.warning(
            "%d recordings that were in a split are quarantined, because their metadata or their sound now"
            " link it with another. If group_by was changed on purpose, or to use all near-duplicates, delete"
            " the ledger of splits to split the corpus anew.",
            int(torn.sum()),
        )
