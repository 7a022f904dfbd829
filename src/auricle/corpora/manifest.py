"""The manifest: one row per file, joining what the files are with what the source says of them."""

import logging

import pandas as pd

from auricle.corpora.grouping import group_keys, own_group
from auricle.corpora.params import IngestParams
from auricle.corpora.places import UNLABELLED, Places
from auricle.corpora.splitting import assign_splits
from auricle.errors import CorpusError

logger = logging.getLogger(__name__)

FACTS = ("recording_id", "path", "duration_s", "sample_rate", "channels")
SAID = ("label", "labels", "instrument", "rating")
DECIDED = ("group", "split", "fold", "status", "reason")
MANIFEST_COLUMNS = (*FACTS, *SAID, *DECIDED)
# The key columns of predictions, beside which every class has a column of its own.
RESERVED_LABELS = ("recording_id", "split")
NO_FILE = "named in the metadata, but there is no such file"


def build_manifest(
    files: pd.DataFrame,
    layout: pd.DataFrame,
    ledger: pd.DataFrame | None,
    params: IngestParams,
    near_duplicates: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Build the manifest of a corpus, and bring its ledger of splits up to date.

    Args:
        files: What inspection found: `path`, `recording_id`, `duration_s` in seconds, `sample_rate` in Hz,
            `channels`, `status`, `reason`. A file that the layout does not know becomes an unlabelled row.
        layout: What `read_layout` gives. A row without a file is quarantined.
        ledger: The ledger of the last run, or None.
        params: How to group and split.
        near_duplicates: What `find_near_duplicates` gives: copies of one recording share a group.

    Returns:
        The manifest, sorted by path: `MANIFEST_COLUMNS` and `meta_*`. Quarantined rows have a `reason` and no
        split. And the ledger, with new rows below the old ones.

    Raises:
        CorpusError: No usable recording, no label, a label that cannot be a class, or a split without
        examples.
        ConfigurationError: Parameters that this corpus cannot satisfy.
    """
    rows = _join(files, layout)
    _check_labels(rows, params)
    usable = rows["status"] == "ok"
    if not usable.any():
        raise CorpusError(_nothing_usable(rows))
    assigned, ledger_now = assign_splits(rows[usable], ledger, params, near_duplicates)
    for column in ("group", "split", "fold"):
        rows[column] = assigned[column].reindex(rows.index)
    rows["fold"] = rows["fold"].fillna(-1).astype("int64")
    own = own_group(group_keys(rows, params))
    # Several files that could not be read, and so have no id, are not copies of each other.
    rows["group"] = rows["group"].fillna(own).fillna("file:" + rows["path"])
    refused = assigned["reason"].notna().reindex(rows.index, fill_value=False)
    rows["reason"] = rows["reason"].mask(refused, assigned["reason"].reindex(rows.index))
    rows["status"] = rows["status"].mask(refused, "quarantined")
    _check_splits(rows, params)
    _log_quarantine(rows)
    meta = [name for name in rows if str(name).startswith("meta_")]
    return rows[[*MANIFEST_COLUMNS, *meta]], ledger_now


def _join(files: pd.DataFrame, layout: pd.DataFrame) -> pd.DataFrame:
    repeated = files["path"][files["path"].duplicated()]
    if not repeated.empty:
        raise CorpusError(
            f"The inventory names {repeated.iloc[0]!r} more than once. Delete the inventory of files, and"
            " ingest again."
        )
    facts = files[["path", "recording_id", "duration_s", "sample_rate", "channels", "status", "reason"]]
    rows = layout.merge(facts, on="path", how="outer", validate="one_to_one").sort_values(
        "path", ignore_index=True
    )
    missing = rows["status"].isna()
    if "labels" in rows:
        rows["labels"] = [value if isinstance(value, list) else [] for value in rows["labels"]]
    text = rows[["recording_id", "label", "instrument", "published_split", "status", "reason"]].astype("str")
    rows[text.columns] = text.mask(text == "")
    rows.loc[missing, ["status", "reason"]] = ["quarantined", NO_FILE]
    nameless = rows["recording_id"].isna() & (rows["status"] == "ok")
    if nameless.any():
        raise CorpusError(
            f"The inventory has no recording_id for {rows['path'][nameless].iloc[0]!r}, which it calls"
            " usable. Delete the inventory of files, and ingest again."
        )
    numbers = {"duration_s": "float64", "sample_rate": "Int64", "channels": "Int64", "rating": "float64"}
    return rows.astype(numbers)


def _nothing_usable(rows: pd.DataFrame) -> str:
    if rows.empty:
        return (
            "The corpus has no recordings. Put some into its folder, or name another folder in globals.yml."
        )
    reasons = rows["reason"].value_counts()
    told = "; ".join(f"{count} x {reason}" for reason, count in reasons.head(3).items())
    return (
        f"None of the {len(rows)} recordings can be used: {told}. Mend the files that the reasons name,"
        " or raise the limits in the parameters of decoding."
    )


def _check_labels(rows: pd.DataFrame, params: IngestParams) -> None:
    found = set(rows["label"].dropna()).union(*rows["labels"])
    reserved = sorted(found & set(RESERVED_LABELS))
    if reserved:
        raise CorpusError(
            f"The label {reserved[0]!r} cannot be a class: in the tables of predictions each class has a"
            f" column, beside {' and '.join(RESERVED_LABELS)}. Rename the label in the source."
        )
    if params.vocabulary is None:
        return
    unknown = sorted(found - set(params.vocabulary))
    if unknown:
        has = rows["labels"].map(lambda labels: unknown[0] in labels)
        raise CorpusError(
            f"Unknown label {unknown[0]!r} in {int(has.sum())} recordings, first"
            f" {rows['path'][has].iloc[0]!r} ({len(unknown)} unknown labels in all). Known:"
            f" {', '.join(params.vocabulary)}. Correct the label, or add it to `vocabulary`."
        )


def _check_splits(rows: pd.DataFrame, params: IngestParams) -> None:
    places = Places.of(params)
    usable = rows[rows["status"] == "ok"]
    if usable.empty:
        raise CorpusError(_nothing_usable(rows))
    learnt = usable[usable["split"] != UNLABELLED]
    if learnt.empty:
        raise CorpusError(
            f"None of the {len(usable)} usable recordings has a label, so there is"
            " nothing to learn. Check the layout and its options (label_column)."
        )
    counts = learnt.groupby(["split", "fold"]).size()
    empty = [name for name in places.shares if places.split_and_fold(name) not in counts.index]
    if not empty:
        return
    having = ", ".join(f"{name} {counts.get(places.split_and_fold(name), 0)}" for name in places.shares)
    raise CorpusError(
        f"No example is in {', '.join(empty)} (recordings: {having}; groups in all:"
        f" {learnt['group'].nunique()}, grouped by {', '.join(params.group_by)}). {_remedy(learnt, places)}"
    )


def _remedy(learnt: pd.DataFrame, places: Places) -> str:
    if learnt["group"].nunique() < len(places.shares):
        return (
            f"{len(places.shares)} groups are the least that this protocol can do with: add recordings of"
            " other groups, or group by something finer if that does not leak."
        )
    return (
        "Published lists or an older ledger leave it empty: add recordings in new groups, complete the lists"
        " or leave them out (layout_options), use protocol: grouped_k_fold, or delete the ledger of splits to"
        " start anew."
    )


def _log_quarantine(rows: pd.DataFrame) -> None:
    quarantined = rows[rows["status"] == "quarantined"]
    logger.info(
        "%d of %d files can be used, %d are quarantined.",
        len(rows) - len(quarantined),
        len(rows),
        len(quarantined),
    )
    for path, reason in quarantined[["path", "reason"]].head(20).itertuples(index=False):
        logger.warning("Quarantined %s: %s", path, reason)
    if len(quarantined) > 20:
        logger.warning("... and %d more; the manifest and the report name all.", len(quarantined) - 20)
