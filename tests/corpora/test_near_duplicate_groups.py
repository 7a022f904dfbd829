"""What near-duplicates do to splits: copies are never torn apart, and nothing that has a place moves."""

import pandas as pd
import pytest
from corpus_builders import artists, identity, ingest, recording, row_of, settings, tables, where

from auricle.corpora.data_report import describe_corpus
from auricle.corpora.manifest import build_manifest
from auricle.corpora.schema import Manifest

CORPUS = [row for genre in ("blues", "jazz") for row in artists(genre, 8)]


def pairs(*paths: tuple[str, str], **columns: object) -> pd.DataFrame:
    """What `find_near_duplicates` would give."""
    rows = [
        {
            "recording_id": identity(one),
            "other_id": identity(other),
            "path": one,
            "other_path": other,
            "share": 0.8123,
            "peaks": 321,
            "offset_s": 2.5,
        }
        for one, other in paths
    ]
    return pd.DataFrame(rows).assign(**columns)


def build(
    rows: list[dict], near: pd.DataFrame | None, ledger: pd.DataFrame | None = None, **params: object
) -> tuple[pd.DataFrame, pd.DataFrame]:
    files, layout = tables(rows)
    return build_manifest(files, layout, ledger, settings(**params), near)


def in_split(manifest: pd.DataFrame, split: str, label: str = "blues") -> str:
    return manifest.loc[(manifest["split"] == split) & (manifest["label"] == label), "path"].iloc[0]


class TestGroups:
    @pytest.mark.parametrize("protocol", ["holdout", "grouped_k_fold"])
    def test_of_copies_are_one_whatever_their_artists(self, protocol: str) -> None:
        # Every artist is the double of the one four further on, by one of its two recordings.
        doubles = [(genre, artist) for genre in ("blues", "jazz") for artist in range(4)]
        near = pairs(
            *[(f"{genre}/{one:02d}-0.wav", f"{genre}/{one + 4:02d}-1.wav") for genre, one in doubles]
        )
        shared = {"protocol": protocol, "folds": 3}
        apart, _ = build(CORPUS, None, **shared)
        together, _ = build(CORPUS, near, **shared)
        Manifest.validate(together, lazy=True)
        place = {name: set() for name in ("apart", "together")}
        for name, manifest in (("apart", apart), ("together", together)):
            told = where(manifest)
            for one, other in zip(near["recording_id"], near["other_id"], strict=True):
                place[name].add(told[one] == told[other])
        assert place == {"apart": {True, False}, "together": {True}}
        assert together["group"].nunique() == apart["group"].nunique() - 8
        assert (together["status"] == "ok").all()

    def test_copies_of_copies_are_of_the_same(self) -> None:
        chain = pairs(("blues/00-0.wav", "blues/01-0.wav"), ("blues/01-1.wav", "blues/02-0.wav"))
        manifest, _ = build(CORPUS, chain)
        assert {row_of(manifest, f"blues/0{n}-0.wav")["group"] for n in range(3)} == {"artist:blues 00"}

    def test_are_those_of_the_artist_where_a_copy_has_none(self) -> None:
        manifest, _ = build([*CORPUS, recording("x.mp3", "blues")], pairs(("blues/03-0.wav", "x.mp3")))
        assert row_of(manifest, "x.mp3")["group"] == "artist:blues 03"

    def test_do_not_depend_on_the_order_of_pairs_or_rows(self) -> None:
        near = pairs(("blues/00-0.wav", "jazz/01-0.wav"), ("jazz/01-1.wav", "blues/05-0.wav"))
        expected, ledger = build(CORPUS, near)
        swapped = near.rename(columns={"recording_id": "other_id", "other_id": "recording_id"}).iloc[::-1]
        manifest, again = build(CORPUS[::-1], swapped)
        pd.testing.assert_frame_equal(manifest, expected)
        pd.testing.assert_frame_equal(again, ledger)


class TestLedger:
    def test_a_new_copy_joins_its_original_where_that_is(self) -> None:
        before, ledger = ingest(CORPUS)
        for split in ("train", "validation", "test"):
            original = in_split(before, split)
            after, _ = build([*CORPUS, recording("x.mp3", "blues")], pairs((original, "x.mp3")), ledger)
            assert row_of(after, "x.mp3")[["split", "group"]].tolist() == [
                split,
                row_of(before, original)["group"],
            ]
            assert where(before).items() <= where(after).items()

    def test_a_copy_stays_with_an_original_that_is_gone(self) -> None:
        before, ledger = ingest([*CORPUS, recording("solo.wav", "blues")])
        place = row_of(before, "solo.wav")["split"]
        after, _ = build([*CORPUS, recording("x.mp3", "blues")], pairs(("solo.wav", "x.mp3")), ledger)
        assert row_of(after, "x.mp3")[["split", "group"]].tolist() == [
            place,
            f"recording:{identity('solo.wav')}",
        ]

    def test_a_newcomer_between_two_splits_is_refused_and_nothing_moves(self) -> None:
        before, ledger = ingest(CORPUS)
        one, other = in_split(before, "train"), in_split(before, "test")
        near = pairs((one, "a.mp3"), (other, "a.mp3"))
        after, ledger_after = build([*CORPUS, recording("a.mp3", "blues", artist="new")], near, ledger)
        reason = row_of(after, "a.mp3")["reason"]
        assert reason.startswith("links groups that are in different splits: ")
        assert f"its near-duplicate {one} (in train)" in reason
        assert f"its near-duplicate {other} (in test)" in reason
        assert reason.endswith("Leave one of them out")
        assert where(after) == where(before)
        assert identity("a.mp3") not in "".join(ledger_after["group"])
        Manifest.validate(after, lazy=True)

    def test_of_two_known_copies_in_two_splits_one_is_quarantined(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        before, ledger = ingest(CORPUS)
        first, second = sorted([in_split(before, "train"), in_split(before, "test")])
        after, ledger_after = build(CORPUS, pairs((first, second)), ledger)
        assert row_of(after, first)["status"] == "ok"
        assert f"its near-duplicate {first}" in row_of(after, second)["reason"]
        assert where(after).items() == where(before).items() - {
            (identity(second), where(before)[identity(second)])
        }
        assert "1 recordings that were in a split are quarantined" in caplog.text
        pd.testing.assert_frame_equal(ledger_after, ledger)

    def test_joined_groups_stay_joined_when_copies_are_no_longer_looked_for(self) -> None:
        near = pairs(("blues/00-0.wav", "blues/01-0.wav"))
        before, ledger = build(CORPUS, near)
        after, _ = build(CORPUS, None, ledger)
        pd.testing.assert_frame_equal(after, before)

    def test_of_published_lists_the_test_set_stays_whole(self) -> None:
        rows = [
            {**row, "published_split": ("train", "validation", "test")[int(row["artist"][-2:]) % 3]}
            for row in CORPUS
        ]
        manifest, _ = build(rows, pairs(("blues/00-0.wav", "blues/02-0.wav")))
        assert row_of(manifest, "blues/02-0.wav")["split"] == "test"
        assert row_of(manifest, "blues/00-0.wav")["reason"].startswith(
            "the published lists tear its group apart"
        )


class TestReport:
    def report(self, rows: list[dict], near: pd.DataFrame, ledger: pd.DataFrame | None = None) -> dict:
        manifest, _ = build(rows, near, ledger)
        return describe_corpus(manifest, settings(), near_duplicates=near)

    def test_names_what_was_joined_and_how_well_it_coincides(self) -> None:
        found = self.report(CORPUS, pairs(("blues/00-0.wav", "blues/01-0.wav")))
        assert found["near_duplicates"] == {
            "count": 1,
            "pairs": [
                {
                    "paths": ["blues/00-0.wav", "blues/01-0.wav"],
                    "share": 0.812,
                    "peaks": 321,
                    "offset_s": 2.5,
                    "labels": ["blues", "blues"],
                    "joined": True,
                    "reason": None,
                }
            ],
        }
        assert not [warning for warning in found["warnings"] if "near-duplicate" in warning]

    def test_says_why_a_pair_was_not_joined(self) -> None:
        before, ledger = ingest(CORPUS)
        first, second = sorted([in_split(before, "train"), in_split(before, "test")])
        found = self.report(CORPUS, pairs((first, second), ("gone.wav", first)), ledger)
        torn, gone = found["near_duplicates"]["pairs"]
        assert (torn["joined"], gone["joined"]) == (False, False)
        assert torn["reason"].startswith(f"{second}: links groups that are in different splits")
        assert gone["reason"] == "gone.wav: its file is not in the corpus any more"
        assert any(warning.startswith("1 recordings link groups") for warning in found["warnings"])

    def test_of_exact_copies_names_the_one_that_is_used(self) -> None:
        rows = [*CORPUS, recording("a copy.wav", content="blues/00-0.wav")]
        near = pairs(
            ("a copy.wav", "blues/01-0.wav"),
        ).assign(recording_id=identity("blues/00-0.wav"))
        (pair,) = self.report(rows, near)["near_duplicates"]["pairs"]
        assert (pair["paths"], pair["joined"]) == (["blues/00-0.wav", "blues/01-0.wav"], True)

    def test_warns_of_labels_that_contradict(self) -> None:
        found = self.report(CORPUS, pairs(("blues/00-0.wav", "jazz/00-0.wav")))
        assert (
            "1 pairs of near-duplicates have different labels, such as blues/00-0.wav and jazz/00-0.wav"
            " (blues and jazz): one of the labels is wrong." in found["warnings"]
        )
