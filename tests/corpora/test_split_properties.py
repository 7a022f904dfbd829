"""Properties of the splits that hold for any corpus: hypothesis looks for one where they do not."""

from collections import defaultdict

import pandas as pd
from corpus_builders import groups_per_split, ingest, settings, tables
from hypothesis import HealthCheck, given
from hypothesis import settings as budget
from hypothesis import strategies as st

from auricle.corpora.params import IngestParams
from auricle.corpora.splitting import assign_splits

CLASSES = ("a", "b", "c", "d")
PROTOCOLS = st.sampled_from(
    [
        {"protocol": "holdout"},
        {"protocol": "grouped_k_fold", "folds": 3},
        {"protocol": "grouped_k_fold", "folds": 5},
    ]
)
SEEDS = st.integers(0, 10_000)
CALM = budget(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def tangled_corpora(draw: st.DrawFn) -> list[dict]:
    """Recordings of few artists, albums, contents, labels and lists in any combination: groups tangle."""
    count = draw(st.integers(1, 24))
    names = st.sampled_from(["1", "2", "3", "4", "5", "6", None])
    return [
        {
            "path": f"{number:03d}.wav",
            "label": draw(st.sampled_from([*CLASSES, None])),
            "labels": draw(st.lists(st.sampled_from(["x", "y"]), max_size=2)),
            "artist": draw(names),
            "album": draw(names),
            "content": draw(st.one_of(st.just(f"own {number}"), st.integers(0, 5).map(str))),
            "published_split": draw(st.sampled_from([None, None, None, "train", "validation", "test"])),
        }
        for number in range(count)
    ]


@st.composite
def tidy_corpora(draw: st.DrawFn) -> list[dict]:
    """Groups of one class each, of any sizes, with any further labels."""
    rows = []
    for label in CLASSES[: draw(st.integers(1, 4))]:
        for artist, size in enumerate(draw(st.lists(st.integers(1, 6), min_size=1, max_size=9))):
            tags = draw(st.lists(st.sampled_from(["x", "y", "z"]), max_size=2))
            rows += [
                {
                    "path": f"{label}/{artist}-{take}.wav",
                    "label": label,
                    "labels": tags,
                    "artist": f"{label}{artist}",
                }
                for take in range(size)
            ]
    return rows


def split(
    rows: list[dict], ledger: pd.DataFrame | None, params: IngestParams
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Splits beside the table they are of."""
    files, layout = tables(rows)
    table = layout.merge(files, on="path")
    assigned, ledger = assign_splits(table, ledger, params)
    return pd.concat(
        [table, assigned.drop(columns="reason").assign(refusal=assigned["reason"])], axis=1
    ), ledger


def places_by_id(table: pd.DataFrame) -> dict[str, tuple[str, int]]:
    rows = learnt(table)
    return dict(zip(rows["recording_id"], zip(rows["split"], rows["fold"], strict=True), strict=True))


def learnt(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["split"].notna() & (table["split"] != "unlabelled")]


def increments(draw: st.DrawFn, rows: list[dict]) -> list[list[dict]]:
    """The rows in any order, cut anywhere."""
    order = draw(st.permutations(rows))
    cuts = sorted(draw(st.lists(st.integers(0, len(rows)), max_size=4)))
    return [
        order[start:end] for start, end in zip([0, *cuts], [*cuts, len(rows)], strict=True) if start < end
    ]


@CALM
@given(st.data(), tangled_corpora(), PROTOCOLS, SEEDS)
def test_growing_a_corpus_in_any_increments_moves_no_recording(
    data: st.DataObject, rows: list[dict], protocol: dict, seed: int
) -> None:
    ledger: pd.DataFrame | None = None
    present: list[dict] = []
    before: dict[str, tuple] = {}
    params = settings(group_by=["artist", "album"], seed=seed, **protocol)
    for part in increments(data.draw, rows):
        present += part
        table, grown = split(present, ledger, params)
        now = places_by_id(table)
        assert before.items() <= now.items()
        if ledger is not None:
            pd.testing.assert_frame_equal(grown.head(len(ledger)), ledger)
        before, ledger = now, grown


@CALM
@given(st.data(), tangled_corpora(), PROTOCOLS, SEEDS)
def test_nothing_that_links_recordings_is_ever_in_two_splits(
    data: st.DataObject, rows: list[dict], protocol: dict, seed: int
) -> None:
    ledger = None
    present: list[dict] = []
    params = settings(group_by=["artist", "album"], seed=seed, **protocol)
    for part in increments(data.draw, rows):
        present += part
        table, ledger = split(present, ledger, params)
        counted = learnt(table)
        for link in ("group", "meta_artist", "meta_album", "recording_id"):
            places = counted.dropna(subset=link)[[link, "split", "fold"]].drop_duplicates()
            assert places[link].is_unique


@CALM
@given(st.data(), tangled_corpora(), PROTOCOLS, SEEDS)
def test_deleting_any_files_moves_no_other_recording(
    data: st.DataObject, rows: list[dict], protocol: dict, seed: int
) -> None:
    params = settings(group_by=["artist", "album"], seed=seed, **protocol)
    table, ledger = split(rows, None, params)
    kept = data.draw(st.lists(st.sampled_from(rows), min_size=1, unique_by=lambda row: row["path"]))
    after, ledger_after = split(kept, ledger, params)
    before, now = places_by_id(table), places_by_id(after)
    assert all(before[name] == now[name] for name in before.keys() & now.keys())
    pd.testing.assert_frame_equal(ledger_after.head(len(ledger)), ledger)


@CALM
@given(st.data(), tangled_corpora(), PROTOCOLS, SEEDS)
def test_the_order_of_the_files_does_not_matter(
    data: st.DataObject, rows: list[dict], protocol: dict, seed: int
) -> None:
    params = settings(group_by=["artist", "album"], seed=seed, **protocol)
    table, ledger = split(rows, None, params)
    again, ledger_again = split(data.draw(st.permutations(rows)), None, params)
    pd.testing.assert_frame_equal(again, table)
    pd.testing.assert_frame_equal(ledger_again, ledger)


@CALM
@given(st.data(), tidy_corpora(), PROTOCOLS, SEEDS)
def test_a_class_with_enough_groups_is_in_every_place_however_the_corpus_grew(
    data: st.DataObject, rows: list[dict], protocol: dict, seed: int
) -> None:
    """At every step: as many places as there are groups, until all have some."""
    params = settings(seed=seed, **protocol)
    places = protocol.get("folds", 3)
    ledger = None
    present: list[dict] = []
    for part in increments(data.draw, rows):
        present += part
        table, ledger = split(present, ledger, params)
        for _, of_class in table.groupby("label"):
            covered = len(of_class[["split", "fold"]].drop_duplicates())
            assert covered == min(places, of_class["group"].nunique())


@CALM
@given(st.data(), st.lists(st.integers(1, 14), min_size=1, max_size=4), st.sampled_from([3, 4, 5]), SEEDS)
def test_folds_of_a_class_never_differ_by_more_than_one_group_of_equal_size(
    data: st.DataObject, sizes: list[int], folds: int, seed: int
) -> None:
    rows = [
        {"path": f"{label}/{artist}-{take}.wav", "label": label, "artist": f"{label}{artist}"}
        for label, groups in zip(CLASSES, sizes, strict=False)
        for artist in range(groups)
        for take in range(2)
    ]
    by_group = defaultdict(list)
    for row in rows:
        by_group[row["artist"]].append(row)
    ledger = None
    present: list[dict] = []
    for part in increments(data.draw, [{"artist": artist} for artist in by_group]):
        present += [row for group in part for row in by_group[group["artist"]]]
        table, ledger = split(present, ledger, settings(protocol="grouped_k_fold", folds=folds, seed=seed))
        counts = table.groupby(["label", "fold"])["group"].nunique().unstack(fill_value=0)
        counts = counts.reindex(columns=range(folds), fill_value=0)
        assert (counts.max(axis=1) - counts.min(axis=1) <= 1).all()


@CALM
@given(st.integers(5, 40), st.integers(1, 4), SEEDS)
def test_shares_of_a_class_are_met_to_within_one_group(groups: int, each: int, seed: int) -> None:
    rows = [
        {"path": f"{label}/{artist}-{take}.wav", "label": label, "artist": f"{label}{artist}"}
        for label in CLASSES
        for artist in range(groups)
        for take in range(each)
    ]
    counts = groups_per_split(ingest(rows, seed=seed)[0])
    for place, share in (("train", 0.6), ("validation", 0.2), ("test", 0.2)):
        assert (abs(counts[place] - share * groups) <= 1).all()
