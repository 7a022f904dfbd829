"""Splits: what is promised about shares, coverage, groups, published lists, and about never moving."""

import logging

import pandas as pd
import pytest
from corpus_builders import artists, groups_per_split, identity, ingest, recording, row_of, shuffled, where

from auricle.errors import ConfigurationError, CorpusError

GENRES = ("blues", "classical", "disco", "folk", "jazz", "metal", "pop", "reggae")


def a_corpus(genres: int = 3, groups: int = 6) -> list[dict]:
    return [row for genre in GENRES[:genres] for row in artists(genre, groups)]


class TestShares:
    def test_eight_classes_of_twelve_artists_are_split_seven_two_or_three_two_or_three(self) -> None:
        manifest, _ = ingest(a_corpus(8, 12))
        counts = groups_per_split(manifest)
        assert (counts["train"] == 7).all()
        assert counts[["validation", "test"]].isin([2, 3]).all(axis=None)
        assert counts["validation"].sum() == counts["test"].sum()

    def test_recordings_are_balanced_where_groups_differ_in_size(self) -> None:
        rows = [row for size in range(1, 31) for row in artists(f"a{size}", 1, size)]
        manifest, _ = ingest([{**row, "label": "a"} for row in rows])
        share = manifest["split"].value_counts(normalize=True)
        assert share["train"] == pytest.approx(0.6, abs=0.02)
        assert share["test"] == pytest.approx(0.2, abs=0.02)

    def test_shares_are_parameters(self) -> None:
        manifest, _ = ingest(a_corpus(2, 20), validation_share=0.1, test_share=0.3)
        assert (
            groups_per_split(manifest)[["train", "validation", "test"]].to_numpy().tolist()
            == [[12, 2, 6]] * 2
        )

    def test_folds_of_a_class_differ_by_at_most_one_group(self) -> None:
        manifest, _ = ingest(a_corpus(8, 12), protocol="grouped_k_fold")
        counts = groups_per_split(manifest)
        assert counts.shape == (8, 5)
        assert counts.isin([2, 3]).all(axis=None)
        assert counts.sum().isin([19, 20]).all()

    def test_under_k_fold_every_labelled_recording_is_train_with_a_fold(self) -> None:
        manifest, _ = ingest([*a_corpus(), recording("x.wav")], protocol="grouped_k_fold", folds=3)
        labelled = manifest[manifest["label"].notna()]
        assert set(labelled["split"]) == {"train"}
        assert set(labelled["fold"]) == {0, 1, 2}
        assert row_of(manifest, "x.wav")[["split", "fold"]].tolist() == ["unlabelled", -1]

    def test_under_holdout_fold_is_minus_one(self) -> None:
        assert set(ingest(a_corpus())[0]["fold"]) == {-1}

    def test_further_labels_are_balanced_where_classes_leave_the_choice(self) -> None:
        rows = [
            {**row, "labels": ["live"] if int(row["artist"][-2:]) < 5 else []}
            for genre in GENRES
            for row in artists(genre, 20)
        ]
        manifest, _ = ingest(rows)
        live = manifest[manifest["labels"].map(lambda labels: "live" in labels)]
        share = live["split"].value_counts(normalize=True)
        assert share["train"] == pytest.approx(0.6, abs=0.03)
        assert share["test"] == pytest.approx(0.2, abs=0.03)
        assert live.groupby("label")["split"].nunique().eq(3).all()

    def test_a_corpus_with_sets_of_labels_only_is_balanced_by_them(self) -> None:
        rows = [recording(f"{i}.wav", labels=[f"t{i % 3}", f"u{i % 5}"], artist=f"a{i}") for i in range(150)]
        manifest, _ = ingest(rows)
        exploded = manifest.explode("labels")
        share = pd.crosstab(exploded["labels"], exploded["split"], normalize="index")
        assert share["test"].between(0.14, 0.26).all()
        assert share["validation"].between(0.14, 0.26).all()

    def test_a_corpus_of_ratings_is_balanced_by_their_height(self) -> None:
        rows = [recording(f"{i}.wav", rating=i / 99, artist=f"a{i}") for i in range(100)]
        manifest, _ = ingest(rows)
        means = manifest.groupby("split")["rating"].mean()
        assert means.between(0.42, 0.58).all()


class TestGroups:
    def test_artists_are_compared_without_regard_to_case_spacing_and_unicode_form(self) -> None:
        rows = [
            *a_corpus(),
            recording("1.wav", "jazz", artist="Bj\u00f6rk  X"),
            recording("2.wav", "jazz", artist="bjo\u0308rk x"),
        ]
        manifest, _ = ingest(rows)
        assert (
            row_of(manifest, "1.wav")["group"] == row_of(manifest, "2.wav")["group"] == "artist:bj\u00f6rk x"
        )

    def test_a_recording_without_artist_is_its_own_group(self) -> None:
        manifest, _ = ingest([*a_corpus(), recording("1.wav", "jazz"), recording("2.wav", "jazz")])
        assert row_of(manifest, "1.wav")["group"] == f"recording:{identity('1.wav')}"
        assert manifest["group"].nunique() == 20

    def test_several_entries_each_link(self) -> None:
        rows = [
            *a_corpus(),
            recording("1.wav", "jazz", artist="a", album="x"),
            recording("2.wav", "jazz", artist="b", album="x"),
            recording("3.wav", "jazz", artist="b", album="y"),
        ]
        manifest, _ = ingest(rows, group_by=["artist", "album"])
        assert row_of(manifest, "1.wav")["group"] == row_of(manifest, "3.wav")["group"] == "artist:a"

    def test_a_plus_links_where_all_agree(self) -> None:
        rows = [
            recording(f"{i}-{note}-{take}.wav", i, instrument=i, note=note)
            for i in ("flute", "oboe")
            for note in "ABCD"
            for take in range(2)
        ]
        manifest, _ = ingest(rows, group_by="instrument+note")
        assert manifest["group"].nunique() == 8
        assert row_of(manifest, "flute-A-0.wav")["group"] == "instrument+note:flute+a"

    def test_a_pattern_on_the_file_name(self) -> None:
        rows = [recording(f"x_y/{player}_{take}.wav", "a") for player in "ABCD" for take in range(2)]
        manifest, _ = ingest(
            [*rows, recording("odd.wav", "a")], group_by="file_name_pattern", group_pattern="^([A-Z])_"
        )
        assert row_of(manifest, "x_y/A_1.wav")["group"] == "file_name_pattern:a"
        assert manifest["group"].nunique() == 5

    def test_a_pattern_that_matches_nothing_is_refused(self) -> None:
        with pytest.raises(
            ConfigurationError, match=r"'\^\(z\)' matches none of the 36 file names, such as 'blues|00-0"
        ):
            ingest(a_corpus(), group_by="file_name_pattern", group_pattern="^(z)")

    def test_an_unknown_column_is_refused_with_those_there_are(self) -> None:
        with pytest.raises(ConfigurationError, match=r"group_by names 'album'.* It tells: artist"):
            ingest(a_corpus(), group_by="album")

    def test_a_group_with_several_labels_stays_whole(self) -> None:
        rows = [
            *a_corpus(),
            *({**row, "artist": "both"} for row in artists("folk", 1)),
            recording("b.wav", "jazz", artist="both"),
        ]
        manifest, _ = ingest(rows)
        assert manifest[manifest["meta_artist"] == "both"]["split"].nunique() == 1


class TestExactDuplicates:
    def test_the_first_path_counts_and_the_other_is_quarantined_in_the_same_group(self) -> None:
        manifest, _ = ingest(
            [*a_corpus(), recording("z.wav", "disco", artist="someone", content="blues/00-0.wav")]
        )
        copy, first = row_of(manifest, "z.wav"), row_of(manifest, "blues/00-0.wav")
        assert first["status"] == "ok"
        assert copy["status"] == "quarantined"
        assert copy["reason"] == "exact duplicate of blues/00-0.wav, which is labelled 'blues', not 'disco'"
        assert copy["group"] == first["group"]

    def test_a_labelled_copy_goes_before_an_unlabelled_one(self) -> None:
        manifest, _ = ingest([*a_corpus(), recording("0.wav", content="blues/00-0.wav")])
        assert row_of(manifest, "blues/00-0.wav")["status"] == "ok"
        assert row_of(manifest, "0.wav")["reason"] == "exact duplicate of blues/00-0.wav"

    def test_artists_that_share_a_recording_become_one_group(self) -> None:
        rows = [*a_corpus(3, 8), recording("copy.wav", "blues", artist="blues 05", content="blues/00-0.wav")]
        manifest, _ = ingest(rows)
        linked = manifest[manifest["meta_artist"].isin(["blues 00", "blues 05"])]
        assert linked["group"].nunique() == 1
        assert linked.loc[linked["status"] == "ok", "split"].nunique() == 1

    def test_a_copy_that_links_two_splits_later_is_quarantined_alone(self) -> None:
        rows = a_corpus(3, 8)
        before, ledger = ingest(rows)
        test = before[before["split"] == "test"].iloc[0]
        train = before[before["split"] == "train"].iloc[0]
        newcomer = recording(
            "0-first-path.wav", test["label"], artist=test["meta_artist"], content=train["path"]
        )
        after, ledger_after = ingest([*rows, newcomer], ledger)
        refused = row_of(after, "0-first-path.wav")
        assert refused["status"] == "quarantined"
        assert "links groups that are in different splits" in refused["reason"]
        assert f"artist:{test['meta_artist']} (in test)" in refused["reason"]
        pd.testing.assert_frame_equal(
            after[after["path"] != "0-first-path.wav"].reset_index(drop=True), before
        )
        pd.testing.assert_frame_equal(ledger_after, ledger)

    def test_a_copy_under_a_new_artist_takes_that_artist_along(self) -> None:
        rows = a_corpus()
        before, ledger = ingest(rows)
        known = before.iloc[0]
        after, _ = ingest(
            [
                *rows,
                recording("z.wav", "blues", artist="new", content=known["path"]),
                recording("zz.wav", "blues", artist="new"),
            ],
            ledger,
        )
        assert row_of(after, "zz.wav")["group"] == known["group"]
        assert row_of(after, "zz.wav")["split"] == known["split"]


class TestLedger:
    def test_every_group_of_the_manifest_has_one_row_in_the_same_place(self) -> None:
        manifest, ledger = ingest(a_corpus())
        assert ledger["group"].is_unique
        joined = manifest.merge(ledger, on="group", suffixes=("", "_ledger"), validate="many_to_one")
        assert len(joined) == len(manifest)
        assert (joined["split"] == joined["split_ledger"]).all()
        assert set(ledger["origin"]) == {"assigned"}

    def test_the_order_of_the_files_does_not_matter(self) -> None:
        rows = a_corpus(4, 7)
        manifest, ledger = ingest(rows)
        for seed in range(3):
            again, ledger_again = ingest(shuffled(rows, seed))
            pd.testing.assert_frame_equal(again, manifest)
            pd.testing.assert_frame_equal(ledger_again, ledger)

    def test_the_seed_decides_between_equals(self) -> None:
        assert len({tuple(sorted(where(ingest(a_corpus(), seed=seed)[0]).items())) for seed in range(5)}) > 1

    def test_old_rows_stay_in_front_unchanged(self) -> None:
        rows = a_corpus()
        _, ledger = ingest(rows)
        _, grown = ingest([*rows, *artists("metal", 4)], ledger)
        pd.testing.assert_frame_equal(grown.head(len(ledger)), ledger)
        assert len(grown) > len(ledger)

    def test_deleting_files_changes_nothing_for_the_others(self) -> None:
        rows = a_corpus(4, 8)
        before, ledger = ingest(rows)
        after, ledger_after = ingest(rows[::3], ledger)
        assert where(after).items() <= where(before).items()
        pd.testing.assert_frame_equal(ledger_after, ledger)

    def test_a_group_that_was_deleted_comes_back_to_its_split(self) -> None:
        rows = a_corpus(4, 8)
        before, ledger = ingest(rows)
        _, ledger = ingest([row for row in rows if row["artist"] != "blues 03"], ledger, seed=1)
        after, _ = ingest(rows, ledger, seed=2)
        assert where(after) == where(before)

    def test_a_renamed_file_stays(self) -> None:
        rows = a_corpus(3, 8)
        before, ledger = ingest(rows, group_by="recording")
        moved = [{**row, "path": f"elsewhere/{row['path']}", "content": row["path"]} for row in rows]
        assert where(ingest(moved, ledger, group_by="recording")[0]) == where(before)

    def test_a_recording_whose_artist_is_corrected_never_changes_sides(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        rows = a_corpus(3, 8)
        before, ledger = ingest(rows)
        test = before[before["split"] == "test"].iloc[0]
        train = before[before["split"] == "train"].iloc[0]
        corrected = [
            {**row, "artist": test["meta_artist"]} if row["path"] == train["path"] else row for row in rows
        ]
        after, _ = ingest(corrected, ledger)
        assert "links groups" in row_of(after, train["path"])["reason"]
        assert "delete the ledger of splits to split the corpus anew" in caplog.text

    def test_a_newcomer_that_links_two_splits_by_album_is_quarantined_alone(self) -> None:
        rows = [{**row, "album": row["artist"]} for row in a_corpus(3, 8)]
        before, ledger = ingest(rows, group_by=["artist", "album"])
        test = before[before["split"] == "test"].iloc[0]
        train = before[before["split"] == "train"].iloc[0]
        newcomers = [
            recording("link.wav", "blues", artist=test["meta_artist"], album=train["meta_album"]),
            recording("plain.wav", "blues", artist=test["meta_artist"], album="new"),
        ]
        after, _ = ingest([*rows, *newcomers], ledger, group_by=["artist", "album"])
        assert row_of(after, "link.wav")["status"] == "quarantined"
        assert row_of(after, "plain.wav")["split"] == "test"
        assert where(before).items() <= where(after).items()

    def test_a_corpus_of_which_everything_is_refused_says_why(self) -> None:
        rows = [{**row, "album": row["artist"]} for row in a_corpus(3, 8)]
        before, ledger = ingest(rows, group_by=["artist", "album"])
        test, train = (before[before["split"] == split].iloc[0] for split in ("test", "train"))
        link = recording("link.wav", "blues", artist=test["meta_artist"], album=train["meta_album"])
        with pytest.raises(CorpusError, match=r"None of the 1 .* links groups that are in different splits"):
            ingest([link], ledger, group_by=["artist", "album"])

    def test_newcomers_that_link_two_splits_through_each_other_do_not_join_them(self) -> None:
        rows = [{**row, "album": row["artist"]} for row in a_corpus(3, 8)]
        before, ledger = ingest(rows, group_by=["artist", "album"])
        test, train = (before[before["split"] == split].iloc[0] for split in ("test", "train"))
        newcomers = [
            recording("1.wav", "blues", artist=train["meta_artist"], album="bridge"),
            recording("2.wav", "blues", artist=test["meta_artist"], album="bridge"),
            recording("3.wav", "blues", artist="nobody", album="bridge"),
        ]
        after, _ = ingest([*rows, *newcomers], ledger, group_by=["artist", "album"])
        assert row_of(after, "1.wav")["split"] == "train"
        assert row_of(after, "2.wav")["status"] == "quarantined"
        assert row_of(after, "3.wav")["split"] == "train"

    def test_each_protocol_has_a_history_of_its_own(self) -> None:
        rows = a_corpus()
        holdout, ledger = ingest(rows)
        folds, ledger = ingest(rows, ledger, protocol="grouped_k_fold")
        three, ledger = ingest(rows, ledger, protocol="grouped_k_fold", folds=3)
        assert set(folds["fold"]) == set(range(5))
        assert set(three["fold"]) == set(range(3))
        assert where(ingest(rows, ledger, seed=9)[0]) == where(holdout)
        assert where(ingest(rows, ledger, seed=9, protocol="grouped_k_fold")[0]) == where(folds)

    def test_a_table_that_is_no_ledger_is_refused(self) -> None:
        with pytest.raises(
            CorpusError, match=r"lacks the columns member_of.*delete it to split the corpus anew"
        ):
            ingest(a_corpus(), pd.DataFrame({"group": ["a"], "split": ["train"]}))

    def test_an_altered_ledger_is_refused(self) -> None:
        _, ledger = ingest(a_corpus())
        with pytest.raises(CorpusError, match=r"names 1 groups twice.*altered"):
            ingest(a_corpus(), pd.concat([ledger, ledger.head(1)]))


class TestUnlabelled:
    def test_unlabelled_recordings_neither_train_nor_test_even_in_a_known_group(self) -> None:
        manifest, ledger = ingest(
            [*a_corpus(), recording("x.wav", artist="blues 00"), recording("y.wav", artist="new")]
        )
        assert row_of(manifest, "x.wav")["split"] == "unlabelled"
        assert row_of(manifest, "x.wav")["group"] == "artist:blues 00"
        assert row_of(manifest, "y.wav")["split"] == "unlabelled"
        assert "artist:new" not in set(ledger["group"])

    def test_once_labelled_it_joins_its_group(self) -> None:
        rows = [*a_corpus(), recording("x.wav", artist="blues 00")]
        before, ledger = ingest(rows)
        after, _ = ingest([*rows[:-1], recording("x.wav", "blues", artist="blues 00")], ledger)
        assert row_of(after, "x.wav")["split"] == row_of(before, "blues/00-0.wav")["split"]


def listed(split: str | None, label: str, number: int, **further: object) -> dict:
    return recording(f"{label}/{split}-{number}.wav", label, published_split=split, **further)


PUBLISHED = [
    listed(split, label, number)
    for split in ("train", "validation", "test")
    for label in ("a", "b")
    for number in range(4)
]


class TestPublishedLists:
    def test_go_before_shares(self) -> None:
        manifest, ledger = ingest(PUBLISHED)
        listed_in = manifest["path"].str.split("/").str[1].str.split("-").str[0]
        assert listed_in.tolist() == manifest["split"].tolist()
        assert set(ledger["origin"]) == {"published"}

    def test_a_copy_across_lists_is_taken_from_training_not_from_the_test(self) -> None:
        rows = [*PUBLISHED, listed("train", "a", 8, content="same"), listed("zest", "a", 9, content="same")]
        rows[-1]["published_split"] = "test"
        manifest, ledger = ingest(rows)
        assert row_of(manifest, "a/zest-9.wav")["split"] == "test"
        refused = row_of(manifest, "a/train-8.wav")
        assert refused["status"] == "quarantined"
        expected = "exact duplicate of a/zest-9.wav, which is published in 'test', not 'train'"
        assert refused["reason"] == expected
        again, _ = ingest(rows, ledger)
        pd.testing.assert_frame_equal(again, manifest)

    def test_an_artist_in_two_lists_leaves_the_test_whole(self) -> None:
        rows = [
            *PUBLISHED,
            *(listed(split, "a", 9, artist="torn") for split in ("train", "validation", "test")),
        ]
        manifest, ledger = ingest(rows)
        kept = manifest[(manifest["meta_artist"] == "torn") & (manifest["status"] == "ok")]
        assert kept["path"].tolist() == ["a/test-9.wav"]
        again, _ = ingest(rows, ledger)
        pd.testing.assert_frame_equal(again, manifest)

    def test_unlisted_recordings_are_split_where_they_are_wanted(self) -> None:
        manifest, _ = ingest([*PUBLISHED, *artists("c", 5)])
        assert groups_per_split(manifest).loc["c"].min() >= 1

    def test_unlisted_recordings_are_quarantined_if_asked(self) -> None:
        manifest, _ = ingest([*PUBLISHED, *artists("c", 1), recording("u.wav")], unlisted="exclude")
        unlisted = manifest[manifest["label"] == "c"]
        assert (unlisted["status"] == "quarantined").all()
        assert unlisted["reason"].str.startswith("not in the published split lists").all()
        assert row_of(manifest, "u.wav")["split"] == "unlabelled"

    def test_exclude_without_lists_is_a_contradiction(self) -> None:
        with pytest.raises(
            ConfigurationError, match=r"unlisted: exclude.*publishes none for protocol holdout"
        ):
            ingest(a_corpus(), unlisted="exclude")

    def test_lists_without_validation_take_it_from_training(self) -> None:
        rows = [listed("train", label, number) for label in "ab" for number in range(12)]
        rows += [listed("test", label, number) for label in "ab" for number in range(20)]
        manifest, _ = ingest(rows)
        counts = groups_per_split(manifest)
        assert counts["test"].tolist() == [20, 20]
        assert counts["validation"].tolist() == [3, 3]
        assert manifest[manifest["split"] == "validation"]["path"].str.contains("train-").all()

    def test_what_was_split_before_the_lists_were_known_stays(self, caplog: pytest.LogCaptureFixture) -> None:
        unknown = [{**row, "published_split": None} for row in PUBLISHED]
        before, ledger = ingest(unknown)
        after, _ = ingest(PUBLISHED, ledger)
        assert where(after) == where(before)
        assert "are in another split than the lists publish" in caplog.text

    def test_a_newcomer_published_elsewhere_than_its_group_is_refused(self) -> None:
        rows = [*PUBLISHED, listed("train", "a", 9, artist="known")]
        _, ledger = ingest(rows)
        after, _ = ingest([*rows, listed("test", "a", 10, artist="known")], ledger)
        assert (
            "published in test, but its group is elsewhere: artist:known (in train)"
            in row_of(after, "a/test-10.wav")["reason"]
        )

    def test_published_folds_are_used(self) -> None:
        rows = [recording(f"{i}.wav", "ab"[i % 2], published_fold=i % 5 + 1) for i in range(40)]
        manifest, _ = ingest(rows, protocol="grouped_k_fold")
        expected = manifest["path"].str.removesuffix(".wav").astype(int) % 5
        assert (manifest["fold"] == expected).all()

    def test_another_number_of_published_folds_is_refused(self) -> None:
        rows = [recording(f"{i}.wav", "ab"[i % 2], published_fold=i % 4 + 1) for i in range(40)]
        with pytest.raises(
            ConfigurationError, match=r"publishes 4 folds \(1, 2, 3, 4\).*ask for 5. Set folds: 4"
        ):
            ingest(rows, protocol="grouped_k_fold")

    def test_under_k_fold_published_lists_are_not_used_and_it_says_so(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.INFO):
            manifest, _ = ingest(PUBLISHED, protocol="grouped_k_fold")
        assert set(manifest["split"]) == {"train"}
        assert "lists are not used" in caplog.text
