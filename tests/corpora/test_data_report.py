"""The data report: its counts, and what it warns of."""

import json
import logging

import pytest
from corpus_builders import artists, ingest, recording, settings

from auricle.corpora.data_report import describe_corpus, log_summary


def report(rows: list[dict], **params: object) -> dict:
    manifest, _ = ingest(rows, **params)
    return describe_corpus(manifest, settings(**params))


def warned(rows: list[dict], **params: object) -> str:
    return "\n".join(report(rows, **params)["warnings"])


CORPUS = [row for genre in ("blues", "jazz") for row in artists(genre, 30)]


class TestCounts:
    def test_of_files_recordings_groups_and_hours(self) -> None:
        rows = [
            *CORPUS,
            recording("free.wav", duration_s=3600),
            recording("x.wav", "jazz", broken="silent"),
            recording("copy.wav", "blues", artist="z", content="jazz/00-0.wav"),
        ]
        found = report(rows)
        assert {key: found[key] for key in ("files", "recordings", "unlabelled", "groups")} == {
            "files": 123,
            "recordings": 120,
            "unlabelled": 1,
            "groups": 60,
        }
        assert found["hours"] == pytest.approx(120 * 10 / 3600, abs=1e-3)
        assert found["quarantine"]["count"] == 2
        assert {"path": "x.wav", "reason": "silent"} in found["quarantine"]["files"]
        assert [set(item["paths"]) for item in found["duplicates"]] == [{"copy.wav", "jazz/00-0.wav"}]
        assert found["duplicates"][0]["labels"] == ["blues", "jazz"]

    def test_of_every_split_and_class(self) -> None:
        found = report(CORPUS)
        assert [row["split"] for row in found["splits"]] == ["train", "validation", "test"]
        assert [row["groups"] for row in found["splits"]] == [36, 12, 12]
        blues = found["classes"][0]
        assert blues["label"] == "blues"
        assert (blues["recordings"], blues["groups"], blues["share"]) == (60, 30, 0.5)
        assert blues["evaluated_groups"] == blues["splits"]["test"]["groups"] == 6

    def test_of_every_fold_where_all_groups_are_evaluated(self) -> None:
        found = report(CORPUS, protocol="grouped_k_fold")
        assert [row["split"] for row in found["splits"]] == [f"fold {number}" for number in range(5)]
        assert [row["evaluated_groups"] for row in found["classes"]] == [30, 30]

    def test_of_durations_rates_channels_and_formats(self) -> None:
        rows = [
            *CORPUS,
            recording("a.MP3", "jazz", artist="q", duration_s=100, sample_rate=44100, channels=2),
        ]
        found = report(rows)
        assert found["durations"]["median"] == 10
        assert found["durations"]["max"] == 100
        assert found["sample_rates"] == {"22050": 120, "44100": 1}
        assert found["channels"] == {"1": 120, "2": 1}
        assert found["formats"] == {"wav": 120, "mp3": 1}

    def test_is_json(self) -> None:
        found = report([*CORPUS, recording("x.wav", "jazz", broken="silent"), recording("r.wav", rating=0.5)])
        assert json.loads(json.dumps(found)) == found


class TestWarnings:
    def test_a_clean_corpus_has_none(self) -> None:
        assert warned(CORPUS) == ""

    def test_a_class_in_too_few_groups_for_a_claim(self) -> None:
        text = warned([*CORPUS, *artists("folk", 10)])
        assert (
            "Too few groups in the test split for a claim about 1 of 3 classes (fewer than 5): folk 2."
            in text
        )
        assert "Too few" not in warned([*CORPUS, *artists("folk", 10)], min_groups_for_claim=2)

    def test_a_class_that_misses_a_split(self) -> None:
        text = warned([*CORPUS, *artists("folk", 2)])
        assert "1 of 3 classes miss a split" in text
        assert "folk (not in " in text

    def test_one_label_over_the_limit(self) -> None:
        rows = [*artists("blues", 90), *artists("jazz", 10)]
        assert "'blues' is the label of 90% of the recordings (limit 80%)" in warned(rows)
        assert "'blues' is the label" not in warned(rows, majority_warning=0.95)

    def test_a_single_label(self) -> None:
        assert "one label only, 'blues'" in warned(artists("blues", 30))

    def test_a_group_with_several_labels(self) -> None:
        text = warned([*CORPUS, recording("x.wav", "jazz", artist="blues 03")])
        assert "1 of 60 groups carry several labels, such as 'artist:blues 03' (blues, jazz)" in text

    def test_name_neither_groups_nor_files_on_cards(self) -> None:
        rows = [*CORPUS, recording("x.wav", "jazz", artist="blues 03"), *artists("reggae", 1, 60)]
        rows += [recording(f"r{i}.wav", "reggae", artist=f"r{i}") for i in range(20)]
        found = report(rows)
        public = " ".join(found["public_warnings"])
        assert len(found["public_warnings"]) == len(found["warnings"])
        assert "1 of 81 groups carry several labels: splits" in public and "one with 75% of reggae" in public
        assert "artist:" not in public and ".wav" not in public

    def test_groups_that_have_several_labels_by_their_nature(self) -> None:
        players = [
            recording(f"{player}-{label}.wav", label, artist=f"player {player}")
            for player in range(30)
            for label in ("blues", "jazz")
        ]
        assert "carry several labels" not in warned(players)

    def test_a_group_that_dominates_its_class(self) -> None:
        rows = [*CORPUS, *artists("reggae", 1, 60)]
        rows += [recording(f"r{i}.wav", "reggae", artist=f"r{i}") for i in range(20)]
        text = warned(rows)
        assert "In 1 classes one group holds most recordings" in text
        assert "artist:reggae 00 with 75% of reggae" in text

    def test_recordings_as_their_own_groups(self) -> None:
        assert "Each recording is a group of its own" in warned(CORPUS, group_by="recording")

    def test_copies_with_different_labels(self) -> None:
        text = warned([*CORPUS, recording("copy.wav", "blues", content="jazz/00-0.wav")])
        assert (
            "1 recordings occur in several copies with different labels, such as copy.wav and jazz/00-0.wav"
            in text
        )

    def test_lists_that_tear_a_group(self) -> None:
        lists = ("train", "train", "validation", "train", "test", "train", "train")
        rows = [{**row, "published_split": lists[number % 7]} for number, row in enumerate(CORPUS)]
        assert "are published in one split while their group is in another" in warned(rows)

    def test_copies_that_lists_put_on_both_sides(self) -> None:
        rows = [{**row, "published_split": "train"} for row in CORPUS]
        rows += [
            {**row, "path": f"v/{row['path']}", "artist": None, "published_split": "validation"}
            for row in CORPUS[:9]
        ]
        rows += [
            {**row, "path": f"t/{row['path']}", "artist": None, "published_split": "test"}
            for row in CORPUS[:9]
        ]
        rows[-1]["content"] = rows[0]["path"]
        assert "1 recordings are published in two splits as copies of one another" in warned(rows)

    @pytest.mark.parametrize(
        ("fact", "values", "name"),
        [
            ("sample_rate", (22050, 44100), "sample rate"),
            ("channels", (1, 2), "number of channels"),
            ("duration_s", (10.0, 30.0), "duration"),
        ],
    )
    def test_facts_of_the_files_that_go_with_the_label(self, fact: str, values: tuple, name: str) -> None:
        rows = [{**row, fact: values[row["label"] == "jazz"]} for row in CORPUS]
        assert f"The {name} goes with the label (Cramér's V" in warned(rows)

    def test_not_facts_that_vary_within_every_label(self) -> None:
        rows = [
            {**row, "sample_rate": (22050, 44100)[number % 4 // 2], "duration_s": 10 + number % 7 / 10}
            for number, row in enumerate(CORPUS)
        ]
        assert warned(rows) == ""


def test_groups_of_one_length_with_classes_of_several_are_described() -> None:
    rows = [
        recording(f"{artist}-{take}.wav", label, artist=f"{artist}", duration_s=seconds)
        for artist in range(12)
        for take, (label, seconds) in enumerate([("short", 5.0), ("short", 5.0), ("long", 10.0)])
    ]
    assert report(rows)["recordings"] == 36


def test_published_lists_are_not_said_to_flatter() -> None:
    splits = ["train", "validation", "test"]
    rows = [
        recording(f"{label}/{number}.wav", label, published_split=splits[number % 3])
        for label in ("a", "b")
        for number in range(12)
    ]
    assert "flatter" in warned(rows, group_by="recording")
    assert "flatter" not in warned(rows, group_by="recording", unlisted="exclude")


def test_the_log_says_counts_and_warnings(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        log_summary(
            report([*artists("blues", 90), *artists("jazz", 10), recording("x.wav", "jazz", broken="silent")])
        )
    assert "200 recordings in 100 groups" in caplog.text
    assert "1 of 201 files quarantined" in caplog.text
    assert "test: 40 recordings in 20 groups." in caplog.text
    assert any(record.levelname == "WARNING" and "90%" in record.message for record in caplog.records)
