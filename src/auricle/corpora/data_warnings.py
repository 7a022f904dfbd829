"""What makes figures on a corpus weaker than they look, in sentences."""

from collections.abc import Iterable, Iterator

import pandas as pd

from auricle.corpora.cautions import Caution
from auricle.corpora.linking import LINKS_SPLITS, LISTS_DISAGREE
from auricle.corpora.params import RECORDING, IngestParams
from auricle.corpora.places import TEST, Places
from auricle.corpora.splitting import DUPLICATE

# A fact of the file goes with the label if chance does not explain it, and the association is not a weak one.
_CONFOUND_P, _CONFOUND_V = 1e-3, 0.3
_CONFOUND_MIN_GROUPS = 20
# Durations within this ratio between classes are taken for the same.
_DURATION_RATIO = 1.25
# What more of the groups with several recordings have than this share is in their nature.
_USUAL_SHARE = 0.5
_DOMINATING_SHARE = 0.5
_NAMED = 8


def corpus_warnings(
    manifest: pd.DataFrame,
    learnt: pd.DataFrame,
    params: IngestParams,
    *,
    several: bool = False,
) -> list[Caution]:
    """Sentences for log and report.

    Args:
        manifest: The whole manifest.
        learnt: Its usable, labelled rows, with a column `place` (split or fold); one for each label of a
            recording that has several.
        params: What the manifest was built with.
        several: Whether a recording may have several labels.
    """
    found = [
        *_grouping(learnt.drop_duplicates("recording_id"), params),
        *_quarantined(manifest),
        *_label_conflicts(manifest),
    ]
    classified = learnt[learnt["label"].notna()]
    if classified.empty:
        return found
    if several:
        return [
            *_few_groups(classified, params),
            *_absent(classified, params),
            *_dominated(classified),
            *found,
        ]
    return [
        *_majority(classified, params),
        *_few_groups(classified, params),
        *_absent(classified, params),
        *_dominated(classified),
        *_several_labels(classified),
        *found,
        *_confounds(classified),
    ]


def _some(items: Iterable[str]) -> str:
    """The first few, and how many more there are."""
    told = list(items)
    more = [f"and {len(told) - _NAMED} more"] if len(told) > _NAMED else []
    return ", ".join([*told[:_NAMED], *more])


def _majority(rows: pd.DataFrame, params: IngestParams) -> Iterator[Caution]:
    shares = rows["label"].value_counts(normalize=True)
    label, share = shares.index[0], float(shares.iloc[0])
    if len(shares) == 1:
        yield Caution(f"There is one label only, {label!r}: a classifier has nothing to tell apart.")
    elif share > params.majority_warning:
        yield Caution(
            f"{label!r} is the label of {share:.0%} of the recordings (limit {params.majority_warning:.0%}):"
            " always guessing it is right as often. Read macro-F1 and balanced accuracy, not accuracy."
        )


def _few_groups(rows: pd.DataFrame, params: IngestParams) -> Iterator[Caution]:
    folded = Places.of(params).folded
    evaluated = rows if folded else rows[rows["place"] == TEST]
    groups = (
        evaluated.groupby("label")["group"].nunique().reindex(sorted(rows["label"].unique()), fill_value=0)
    )
    few = groups[groups < params.min_groups_for_claim].sort_values(kind="stable")
    if len(few):
        where = "the corpus" if folded else "the test split"
        yield Caution(
            f"Too few groups in {where} for a claim about {len(few)} of {len(groups)} classes (fewer than"
            f" {params.min_groups_for_claim}): {_some(f'{label} {count}' for label, count in few.items())}."
            " They are trained and shown, and nothing is claimed about them."
        )


def _absent(rows: pd.DataFrame, params: IngestParams) -> Iterator[Caution]:
    places = list(Places.of(params).shares)
    present = pd.crosstab(rows["label"], rows["place"]).reindex(columns=places, fill_value=0)
    without = {
        str(label): [place for place in places if counts[place] == 0] for label, counts in present.iterrows()
    }
    without = {label: missing for label, missing in without.items() if missing}
    if without:
        told = _some(f"{label} (not in {', '.join(missing)})" for label, missing in without.items())
        yield Caution(
            f"{len(without)} of {len(present)} classes miss a split, because they have too few groups or"
            f" lists omit them: {told}."
        )


def _dominated(rows: pd.DataFrame) -> Iterator[Caution]:
    sizes = rows.groupby(["label", "group"]).size()
    shares = sizes / sizes.groupby("label").transform("sum")
    several = sizes.groupby("label").transform("size") > 1
    dominating = shares[several & (shares > _DOMINATING_SHARE)].rename("share").reset_index()
    if len(dominating):
        rows_of = list(dominating.itertuples(index=False))
        said = (
            f"In {len(dominating)} classes one group holds most recordings, so that its sound may be taken"
            " for the sound of the class: "
        )
        yield Caution(
            f"{said}{_some(f'{group} with {share:.0%} of {label}' for label, group, share in rows_of)}.",
            f"{said}{_some(f'one with {share:.0%} of {label}' for label, _, share in rows_of)}.",
        )


def _several_labels(rows: pd.DataFrame) -> Iterator[Caution]:
    """Nothing where most groups do: players play in several ways, artists seldom in several genres."""
    groups = rows.groupby("group")["label"]
    labels, sizes = groups.nunique(), groups.size()
    mixed = labels[labels > 1]
    if 0 < len(mixed) <= (sizes > 1).sum() * _USUAL_SHARE:
        first = mixed.index[0]
        its = _some(sorted(rows["label"][rows["group"] == first].unique()))
        said = f"{len(mixed)} of {len(labels)} groups carry several labels"
        so = "splits cannot be balanced exactly, and a label may be disputed."
        yield Caution(f"{said}, such as {first!r} ({its}): {so}", f"{said}: {so}")


def _grouping(rows: pd.DataFrame, params: IngestParams) -> Iterator[Caution]:
    as_published = params.unlisted == "exclude"  # then every recording is where a published list puts it
    if params.group_by == (RECORDING,) and len(rows) and not as_published:
        yield Caution(
            "Each recording is a group of its own (group_by: recording). If artists, players or sessions"
            " repeat, they are in several splits, and the figures flatter."
        )


def _quarantined(manifest: pd.DataFrame) -> Iterator[Caution]:
    reasons = manifest["reason"].astype("str").fillna("")
    for pattern, said in (
        (f"^{LINKS_SPLITS}", "link groups of different splits"),
        (f"^{LISTS_DISAGREE}", "are published in one split while their group is in another"),
        (f"^{DUPLICATE} of .* published in", "are published in two splits as copies of one another"),
    ):
        count = int(reasons.str.contains(pattern).sum())
        if count:
            yield Caution(f"{count} recordings {said}; they are in quarantine, because they would leak.")


def _label_conflicts(manifest: pd.DataFrame) -> Iterator[Caution]:
    copies = manifest[manifest["recording_id"].notna() & manifest["label"].notna()]
    labels = copies.groupby("recording_id")["label"].nunique()
    disputed = labels[labels > 1]
    if len(disputed):
        paths = copies["path"][copies["recording_id"] == disputed.index[0]]
        said = f"{len(disputed)} recordings occur in several copies with different labels"
        so = "one of the labels is wrong."
        yield Caution(f"{said}, such as {' and '.join(paths.head(2))}: {so}", f"{said}: {so}")


def _confounds(rows: pd.DataFrame) -> Iterator[Caution]:
    """Facts of the files that go with the label, by which a model could tell classes without hearing them.

    Counted over groups, not recordings: recordings of one session agree by nature. Cramér's V and the
    chi-squared test of independence.
    """
    from scipy.stats import chi2_contingency
    from scipy.stats.contingency import association

    label = _prevailing(rows, "label")
    for name, facts in _facts(rows).items():
        counts = pd.crosstab(label, facts)
        if min(counts.shape) < 2 or len(label) < _CONFOUND_MIN_GROUPS:
            continue
        strength = association(counts.to_numpy(), method="cramer")
        if strength >= _CONFOUND_V and chi2_contingency(counts.to_numpy()).pvalue < _CONFOUND_P:
            yield Caution(_told(name, counts, float(strength)))


def _facts(rows: pd.DataFrame) -> dict[str, pd.Series]:
    formats = rows.assign(format=rows["path"].str.rsplit(".", n=1).str[-1].str.lower())
    facts = {
        "sample rate": _prevailing(rows, "sample_rate").astype("str") + " Hz",
        "number of channels": _prevailing(rows, "channels").astype("str"),
        "file format": _prevailing(formats, "format"),
    }
    medians = rows.groupby("label")["duration_s"].median()
    if medians.max() > _DURATION_RATIO * medians.min():
        duration = rows.groupby("group")["duration_s"].median()
        spans = pd.qcut(duration, 4, duplicates="drop")
        if spans.notna().all():  # else all groups are of one length, which tells no class
            facts["duration"] = spans.map(lambda span: f"{span.left:.1f} to {span.right:.1f} s")
    return facts


def _prevailing(rows: pd.DataFrame, column: str) -> pd.Series:
    """The most frequent value in each group."""
    counts = rows.groupby(["group", column]).size().rename("count").reset_index()
    counts = counts.sort_values(["count", column], ascending=[False, True])
    return counts.drop_duplicates("group").set_index("group")[column].sort_index()


def _told(name: str, counts: pd.DataFrame, strength: float) -> str:
    shares = counts.div(counts.sum(axis=1), axis=0)
    value = (shares.max() - shares.min()).idxmax()
    of_class = shares[value].sort_values()
    least, most = of_class.index[0], of_class.index[-1]
    return (
        f"The {name} goes with the label (Cramér's V {strength:.2f} over {int(counts.to_numpy().sum())}"
        f" groups): {value} in {of_class.iloc[-1]:.0%} of {most!r}, in {of_class.iloc[0]:.0%}"
        f" of {least!r}. A model may learn how the files were made instead of what is heard."
    )
