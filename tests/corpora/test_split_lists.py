"""Lists of `path,label` for each split: written from the manifest, and read as a layout."""

from pathlib import Path

import pandas as pd
import pytest
from corpus_builders import artists, ingest, write_files

from auricle.corpora.layouts import read_layout
from auricle.corpora.split_lists import split_lists
from auricle.errors import CorpusError

RECORDINGS = [*artists("jazz", 10), *artists("rock", 10)]


def write(folder: Path, **lists: str) -> None:
    for name, text in lists.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")


class TestWriting:
    def test_every_recording_is_in_the_list_of_its_split(self) -> None:
        manifest, _ = ingest(RECORDINGS)
        lists = split_lists(manifest)
        assert list(lists) == ["train", "validation", "test"]
        for split, listed in lists.items():
            there = manifest[manifest["split"] == split]
            assert listed["path"].tolist() == sorted(there["path"])
            assert (listed["label"] == listed["path"].str.split("/").str[0]).all()

    def test_of_folds_each_recording_is_tested_once_and_never_with_its_own_group(self) -> None:
        manifest, _ = ingest(RECORDINGS, protocol="grouped_k_fold", folds=4)
        lists = split_lists(manifest)
        assert len(lists) == 12
        group = manifest.set_index("path")["group"]
        for fold in range(4):
            parts = [lists[f"fold-{fold}/{split}"]["path"] for split in ("train", "validation", "test")]
            assert sorted(pd.concat(parts)) == sorted(manifest["path"])
            groups = [set(group[part]) for part in parts]
            assert all(groups)
            assert not (groups[0] & groups[1] or groups[0] & groups[2] or groups[1] & groups[2])
        tested = pd.concat([lists[f"fold-{fold}/test"]["path"] for fold in range(4)])
        assert sorted(tested) == sorted(manifest["path"])

    def test_unlabelled_and_quarantined_recordings_are_in_none(self) -> None:
        manifest, _ = ingest([*RECORDINGS, {"path": "new.wav", "label": None}])
        manifest.loc[manifest["path"] == "jazz/00-0.wav", "status"] = "quarantined"
        paths = set(pd.concat(split_lists(manifest).values())["path"])
        assert paths == set(manifest["path"]) - {"new.wav", "jazz/00-0.wav"}

    def test_further_labels_have_a_column(self) -> None:
        rows = [{**row, "labels": ["jazz", "live"]} for row in artists("jazz", 5)] + artists("rock", 5)
        manifest, _ = ingest(rows)
        listed = pd.concat(split_lists(manifest).values())
        assert set(listed["labels"]) == {'["jazz", "live"]', '["rock"]'}


class TestReading:
    def test_what_was_written_is_read_as_it_was(self, tmp_path: Path) -> None:
        manifest, _ = ingest(RECORDINGS)
        write_files(tmp_path, manifest["path"].tolist())
        for split, listed in split_lists(manifest).items():
            listed.to_csv(tmp_path / f"{split}.csv", index=False)
        table = read_layout("split_lists", tmp_path, {})
        assert table["path"].tolist() == sorted(manifest["path"])
        expected = manifest.set_index("path")
        assert table.set_index("path")["published_split"].to_dict() == expected["split"].to_dict()
        assert table.set_index("path")["label"].to_dict() == expected["label"].to_dict()

    def test_columns_separators_and_names_of_splits_may_be_others(self, tmp_path: Path) -> None:
        write_files(tmp_path, ["a.wav", "b.wav", "c.wav"])
        write(
            tmp_path,
            train=f"name\tpath\temotion\nA\t{tmp_path}/a.wav\tanger\n",
            dev="name\tpath\temotion\nB\tb.wav\tfear\n",
        )
        options = {"label_column": "emotion", "separator": "\t"}
        table = read_layout("split_lists", tmp_path, options)
        assert table["label"].tolist()[:2] == ["anger", "fear"]
        assert table["published_split"].tolist()[:2] == ["train", "validation"]
        assert table["meta_name"].tolist()[:2] == ["A", "B"]
        assert table["path"].tolist() == ["a.wav", "b.wav", "c.wav"]
        assert pd.isna(table["label"][2])

    def test_further_labels_are_a_list(self, tmp_path: Path) -> None:
        write(tmp_path, train='path,label,labels\na.wav,jazz,"[""jazz"", ""live""]"\nb.wav,rock,\n')
        write_files(tmp_path, ["a.wav", "b.wav"])
        assert read_layout("split_lists", tmp_path, {})["labels"].tolist() == [["jazz", "live"], ["rock"]]

    @pytest.mark.parametrize(
        ("lists", "message"),
        [
            ({"test": "path,label\na.wav,x\n"}, "holds no train.csv"),
            ({"train": "file,label\na.wav,x\n"}, "has no column path"),
            ({"train": "path,label\n../a.wav,x\n"}, "no file below the corpus folder"),
            ({"train": "path,label\n/elsewhere/a.wav,x\n"}, "no file below the corpus folder"),
            ({"train": "path,label,labels\na.wav,x,[x\n"}, "column labels.*JSON array"),
            ({"train": "path,label\n,x\n"}, "no file below the corpus folder"),
            ({"train": "path,label\na.wav,x\n", "test": "path,label\na.wav,x\n"}, "named twice"),
        ],
    )
    def test_refuses_what_cannot_be(self, tmp_path: Path, lists: dict[str, str], message: str) -> None:
        write_files(tmp_path, ["a.wav"])
        write(tmp_path, **lists)
        with pytest.raises(CorpusError, match=message):
            read_layout("split_lists", tmp_path, {})
