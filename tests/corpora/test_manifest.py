"""The manifest: one row per file, whole or quarantined with a reason, and checked by its schema."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pandera.errors
import pytest
from corpus_builders import artists, groups_per_split, identity, ingest, recording, row_of, settings, tables

from auricle.corpora.layouts import read_layout
from auricle.corpora.manifest import MANIFEST_COLUMNS, build_manifest
from auricle.corpora.schema import Manifest
from auricle.errors import CorpusError

CORPUS = [row for genre in ("blues", "jazz") for row in artists(genre, 5)]


class TestManifest:
    def test_has_one_row_per_file_sorted_by_path_with_the_columns_of_the_contract(self) -> None:
        manifest, _ = ingest(CORPUS)
        assert list(manifest.columns) == [*MANIFEST_COLUMNS, "meta_artist"]
        assert manifest["path"].tolist() == sorted(row["path"] for row in CORPUS)
        assert manifest["recording_id"].tolist() == [identity(path) for path in manifest["path"]]

    def test_satisfies_its_schema_also_after_parquet(self, tmp_path: Path) -> None:
        rows = [*CORPUS, recording("gone.wav", "jazz", broken="empty file"), recording("free.wav")]
        manifest, _ = ingest(rows)
        Manifest.validate(manifest, lazy=True)
        manifest.to_parquet(tmp_path / "manifest.parquet")
        Manifest.validate(pd.read_parquet(tmp_path / "manifest.parquet"), lazy=True)

    def test_the_ledger_survives_parquet(self, tmp_path: Path) -> None:
        before, ledger = ingest(CORPUS)
        ledger.to_parquet(tmp_path / "splits.parquet")
        after, ledger_after = ingest(CORPUS, pd.read_parquet(tmp_path / "splits.parquet"), seed=5)
        pd.testing.assert_frame_equal(after, before)
        pd.testing.assert_frame_equal(ledger_after, ledger)

    def test_broken_files_keep_their_reason_and_have_no_split(self) -> None:
        manifest, ledger = ingest([*CORPUS, recording("x.wav", "jazz", artist="x", broken="silent")])
        row = row_of(manifest, "x.wav")
        assert row[["status", "reason", "group", "fold"]].tolist() == [
            "quarantined",
            "silent",
            "artist:x",
            -1,
        ]
        assert pd.isna(row["split"])
        assert "artist:x" not in set(ledger["group"])

    def test_a_listed_recording_without_a_file_is_quarantined(self) -> None:
        files, layout = tables(CORPUS)
        manifest, _ = build_manifest(files.iloc[1:], layout, None, settings())
        assert (
            row_of(manifest, "blues/00-0.wav")["reason"] == "named in the metadata, but there is no such file"
        )

    def test_files_that_could_not_be_read_are_no_copies_of_each_other(self) -> None:
        files, layout = tables(
            [*CORPUS, recording("x.wav", "jazz", broken="x"), recording("y.wav", "jazz", broken="y")]
        )
        files.loc[files["path"].isin(["x.wav", "y.wav"]), "recording_id"] = ""
        manifest, _ = build_manifest(files, layout, None, settings(group_by="recording"))
        Manifest.validate(manifest, lazy=True)
        assert row_of(manifest, "x.wav")[["reason", "group"]].tolist() == ["x", "file:x.wav"]

    def test_a_file_that_the_layout_does_not_know_is_unlabelled(self) -> None:
        files, _ = tables([*CORPUS, recording("new.wav")])
        _, layout = tables(CORPUS)
        manifest, _ = build_manifest(files, layout, None, settings())
        assert row_of(manifest, "new.wav")["split"] == "unlabelled"
        assert row_of(manifest, "new.wav")["labels"] == []
        Manifest.validate(manifest, lazy=True)


class TestRefuses:
    def test_no_usable_recording(self) -> None:
        with pytest.raises(
            CorpusError, match=r"None of the 2 recordings can be used: 2 x silent. Mend the files"
        ):
            ingest([recording(f"{i}.wav", "a", broken="silent") for i in range(2)])

    def test_no_recording_at_all(self) -> None:
        files, layout = tables(CORPUS)
        with pytest.raises(CorpusError, match=r"The corpus has no recordings"):
            build_manifest(files.head(0), layout.head(0), None, settings())

    def test_no_label(self) -> None:
        with pytest.raises(CorpusError, match=r"None of the 3 usable recordings has a label"):
            ingest([recording(f"{i}.wav", artist="a") for i in range(3)])

    def test_too_few_groups_for_every_split(self) -> None:
        with pytest.raises(
            CorpusError, match=r"No example is in (test|validation) .*groups in all: 2.*3 groups are the"
        ):
            ingest(artists("a", 2))

    def test_too_few_groups_for_every_fold(self) -> None:
        with pytest.raises(CorpusError, match=r"No example is in fold 4 .*5 groups are the least"):
            ingest(artists("a", 4), protocol="grouped_k_fold", seed=3)

    def test_published_lists_without_a_test(self) -> None:
        rows = [recording(f"{i}.wav", "a", published_split=("train", "validation")[i % 2]) for i in range(10)]
        with pytest.raises(
            CorpusError, match=r"No example is in test \(recordings: train 5, validation 5, test 0;.*lists"
        ):
            ingest(rows)

    @pytest.mark.parametrize("label", ["split", "recording_id"])
    def test_a_label_that_predictions_need_as_a_column(self, label: str) -> None:
        with pytest.raises(CorpusError, match=rf"label '{label}' cannot be a class.*Rename the label"):
            ingest([*CORPUS, recording("x.wav", "jazz", labels=[label])])

    def test_an_unknown_label_where_the_vocabulary_is_given(self) -> None:
        with pytest.raises(
            CorpusError, match=r"Unknown label 'jaz' in 1 recordings, first 'x.wav' .*Known: blues, jazz"
        ):
            ingest([*CORPUS, recording("x.wav", "jaz")], vocabulary=["blues", "jazz"])

    def test_a_file_listed_twice_in_the_inventory(self) -> None:
        files, layout = tables(CORPUS)
        with pytest.raises(CorpusError, match=r"names 'blues/00-0.wav' more than once"):
            build_manifest(pd.concat([files, files.head(1)]), layout, None, settings())


class TestSchema:
    @pytest.mark.parametrize(
        ("change", "check"),
        [
            ({"split": "training"}, "isin"),
            ({"path": "../x.wav"}, "path_stays_inside"),
            ({"recording_id": "short"}, "str_matches"),
            ({"duration_s": None}, "usable_rows_are_complete"),
            ({"reason": "but why"}, "usable_rows_are_complete"),
            ({"status": "quarantined"}, "usable_rows_are_complete"),
            ({"label": "other"}, "label_comes_first_in_labels"),
            ({"recording_id": identity("blues/00-1.wav")}, "usable_recordings_are_unique"),
        ],
    )
    def test_refuses_a_row_that_breaks_the_contract(self, change: dict, check: str) -> None:
        manifest, _ = ingest(CORPUS)
        Manifest.validate(manifest, lazy=True)
        for column, value in change.items():
            manifest.loc[0, column] = value
        with pytest.raises(pandera.errors.SchemaErrors, match=check):
            Manifest.validate(manifest, lazy=True)

    def test_refuses_a_group_in_two_splits(self) -> None:
        manifest, _ = ingest(CORPUS)
        manifest.loc[0, "split"] = "test" if manifest.loc[0, "split"] != "test" else "train"
        with pytest.raises(pandera.errors.SchemaErrors, match="no_group_is_in_two_splits"):
            Manifest.validate(manifest, lazy=True)


def test_importing_ingestion_imports_nothing_heavy() -> None:
    heavy = ["torch", "transformers", "sklearn", "matplotlib", "librosa", "pandera", "kedro"]
    code = (
        "import sys, auricle.corpora.manifest, auricle.corpora.data_report;"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.real_data
class TestRealCorpora:
    def test_infant_cries_grouped_by_app_instance_are_in_every_fold_and_split(self, real_data: Path) -> None:
        """24 of the 221 instances carry several labels: no class misses a fold all the same."""
        layout = read_layout("folder_per_class", real_data / "donateacry", {})
        files, _ = tables([{"path": path} for path in layout["path"]])
        pattern = {"group_by": "file_name_pattern", "group_pattern": "^([0-9A-Fa-f-]{36})"}
        for seed in range(3):
            folds, _ = build_manifest(
                files, layout, None, settings(protocol="grouped_k_fold", seed=seed, **pattern)
            )
            assert folds["group"].nunique() == 221
            counts = groups_per_split(folds)
            assert counts.shape == (5, 5)
            assert (counts > 0).all(axis=None)
            holdout, _ = build_manifest(files, layout, None, settings(seed=seed, **pattern))
            assert (groups_per_split(holdout) > 0).all(axis=None)

    def test_single_notes_grouped_by_instrument_and_pitch(self, real_data: Path) -> None:
        layout = read_layout("audiofolder", real_data / "philharmonia_mini", {"label_column": "articulation"})
        files, _ = tables([{"path": path} for path in layout["path"]])
        manifest, _ = build_manifest(files, layout, None, settings(group_by="instrument+note+octave"))
        counts = groups_per_split(manifest)
        enough = counts[manifest.groupby("label")["group"].nunique().reindex(counts.index) >= 3]
        assert len(enough) > 30
        assert (enough > 0).mean(axis=None) > 0.98
