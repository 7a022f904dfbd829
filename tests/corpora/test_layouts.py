"""Layouts: what each reads, and how each refuses."""

import json
from pathlib import Path

import pandas as pd
import pytest
from corpus_builders import write_files

from auricle.corpora.grouping import group_keys
from auricle.corpora.layouts import LAYOUT_COLUMNS, LAYOUTS, read_layout
from auricle.corpora.layouts.gtzan import published_lists
from auricle.corpora.params import IngestParams
from auricle.errors import ConfigurationError, CorpusError


def audiofolder(root: Path, **options: object) -> pd.DataFrame:
    return read_layout("audiofolder", root, options).set_index("path")


def metadata(root: Path, text: str, *audio: str, name: str = "metadata.csv") -> None:
    write_files(root, audio)
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


class TestEveryLayout:
    @pytest.mark.parametrize("name", ["audiofolder", "folder_per_class", "gtzan"])
    def test_gives_the_columns_of_the_contract_sorted_by_path(self, name: str, tmp_path: Path) -> None:
        write_files(tmp_path, ["rock/2.wav", "jazz/1.mp3", "jazz/notes.txt"])
        table = read_layout(name, tmp_path, {})
        assert list(table.columns) == list(LAYOUT_COLUMNS)
        assert table["path"].tolist() == ["jazz/1.mp3", "rock/2.wav"]
        assert table["label"].tolist() == ["jazz", "rock"]
        assert table["labels"].tolist() == [["jazz"], ["rock"]]

    @pytest.mark.parametrize("name", sorted(LAYOUTS))
    def test_refuses_a_missing_folder(self, name: str, tmp_path: Path) -> None:
        with pytest.raises(
            CorpusError, match=r"corpus folder .*nowhere does not exist. Put the recordings there"
        ):
            read_layout(name, tmp_path / "nowhere", {})

    @pytest.mark.parametrize("name", sorted(LAYOUTS))
    def test_refuses_an_empty_folder(self, name: str, tmp_path: Path) -> None:
        with pytest.raises(CorpusError, match=r"holds no recording \(wav, flac, ogg or mp3\)"):
            read_layout(name, tmp_path, {})

    @pytest.mark.parametrize("name", sorted(LAYOUTS))
    def test_refuses_an_unknown_option_and_names_those_there_are(self, name: str, tmp_path: Path) -> None:
        options = ", ".join(LAYOUTS[name].options.model_fields)
        with pytest.raises(ConfigurationError, match=rf"colour: Extra inputs.*'red'.*Its options: {options}"):
            read_layout(name, tmp_path, {"colour": "red"})

    def test_an_unknown_layout_is_refused_with_those_there_are(self, tmp_path: Path) -> None:
        with pytest.raises(
            ConfigurationError,
            match=r"Unknown layout 'zip'. Known .*: audiofolder, donateacry, esc50, fma, folder_per",
        ):
            read_layout("zip", tmp_path, {})


class TestMetadataOfFolders:
    def test_rows_with_more_fields_than_the_header_are_refused(self, tmp_path: Path) -> None:
        metadata(tmp_path, "file_name,label,artist\na.wav,rock,X,\nb.wav,jazz,Y,\n", "a.wav", "b.wav")
        with pytest.raises(CorpusError, match=r"more fields than its header: put quotes .* ends of rows"):
            audiofolder(tmp_path)

    def test_linked_folders_are_read_like_their_audio(self, tmp_path: Path) -> None:
        for split in ("train", "test"):
            metadata(tmp_path / "elsewhere" / split, "file_name,label\na.wav,rock\n", "a.wav")
            (tmp_path / "corpus").mkdir(exist_ok=True)
            (tmp_path / "corpus" / split).symlink_to(tmp_path / "elsewhere" / split)
        table = audiofolder(tmp_path / "corpus")
        assert table["label"].to_dict() == {"test/a.wav": "rock", "train/a.wav": "rock"}

    def test_hidden_folders_are_left_out_like_their_audio(self, tmp_path: Path) -> None:
        metadata(tmp_path, "file_name,label\na.wav,rock\n", "a.wav")
        metadata(tmp_path / ".cache", "file_name,label\nold.wav,jazz\n")
        assert audiofolder(tmp_path).index.tolist() == ["a.wav"]


class TestFolderPerClass:
    def test_the_first_folder_is_the_class_and_further_levels_may_have_names(self, tmp_path: Path) -> None:
        write_files(tmp_path, ["rock/A/x/1.wav", "rock/2.wav", "loose.wav", "unlabelled/3.wav"])
        table = read_layout("folder_per_class", tmp_path, {"levels": ["artist", "album"]}).set_index("path")
        assert table.loc["rock/A/x/1.wav", ["label", "meta_artist", "meta_album"]].tolist() == [
            "rock",
            "A",
            "x",
        ]
        assert table.loc["rock/2.wav", "label"] == "rock"
        assert pd.isna(table.loc["rock/2.wav", "meta_artist"])
        assert table.loc[["loose.wav", "unlabelled/3.wav"], "label"].isna().all()
        assert table.loc["loose.wav", "labels"] == []

    def test_splits_may_come_first(self, tmp_path: Path) -> None:
        write_files(tmp_path, ["train/rock/1.wav", "dev/rock/2.wav", "rock/3.wav"])
        table = read_layout("folder_per_class", tmp_path, {"split_folders": True})
        assert table["label"].tolist() == ["rock"] * 3
        assert table["published_split"].fillna("").tolist() == ["validation", "", "train"]

    def test_hidden_files_are_no_recordings(self, tmp_path: Path) -> None:
        write_files(tmp_path, ["rock/1.wav", "rock/._1.wav", ".trash/2.wav"])
        assert read_layout("folder_per_class", tmp_path, {})["path"].tolist() == ["rock/1.wav"]


class TestAudioFolderInstrument:
    TABLE = "file_name,instrument,note,articulation\n1.mp3,flute,A,tenuto\n2.mp3,oboe,B,normal\n"

    def test_is_given_beside_another_label(self, tmp_path: Path) -> None:
        metadata(tmp_path, self.TABLE, "1.mp3", "2.mp3")
        table = audiofolder(tmp_path, label_column="articulation")
        assert table["instrument"].tolist() == ["flute", "oboe"]
        assert table["label"].tolist() == ["tenuto", "normal"]
        assert "meta_instrument" not in table

    def test_is_no_input_where_it_is_the_label(self, tmp_path: Path) -> None:
        metadata(tmp_path, self.TABLE, "1.mp3", "2.mp3")
        table = audiofolder(tmp_path, label_column="instrument")
        assert table["label"].tolist() == ["flute", "oboe"]
        assert table["instrument"].isna().all()
        assert table["meta_instrument"].tolist() == ["flute", "oboe"]

    @pytest.mark.parametrize("label", ["instrument", "articulation"])
    def test_makes_groups_either_way(self, tmp_path: Path, label: str) -> None:
        metadata(tmp_path, self.TABLE, "1.mp3", "2.mp3")
        table = read_layout("audiofolder", tmp_path, {"label_column": label})
        keys = group_keys(table.assign(recording_id="x"), IngestParams(group_by="instrument+note"))
        assert keys["instrument+note"].tolist() == ["instrument+note:flute+a", "instrument+note:oboe+b"]


class TestAudioFolderMetadata:
    def test_csv_with_lists_and_further_columns(self, tmp_path: Path) -> None:
        metadata(
            tmp_path,
            'file_name,label,labels,artist\naudio/1.wav,rock,"[""rock"", ""live""]",NA\n'
            "audio/2.ogg,jazz,['cool'],\n",
            "audio/1.wav",
            "audio/2.ogg",
        )
        table = audiofolder(tmp_path)
        assert table["labels"].tolist() == [["rock", "live"], ["jazz", "cool"]]
        assert table.loc["audio/1.wav", "meta_artist"] == "NA"
        assert pd.isna(table.loc["audio/2.ogg", "meta_artist"])

    def test_json_lines_keep_lists_and_spell_everything_else_as_text(self, tmp_path: Path) -> None:
        rows = [
            {
                "file_name": "1.wav",
                "label": "rock",
                "labels": ["rock", "live"],
                "year": 1999,
                "where": {"at": "x"},
            },
            {"file_name": "2.wav", "label": "jazz", "labels": [], "year": None},
        ]
        metadata(tmp_path, "\n".join(map(json.dumps, rows)) + "\n", "1.wav", "2.wav", name="metadata.jsonl")
        table = audiofolder(tmp_path)
        assert table["labels"].tolist() == [["rock", "live"], ["jazz"]]
        assert table.loc["1.wav", ["meta_year", "meta_where"]].tolist() == ["1999", '{"at": "x"}']
        assert pd.isna(table.loc["2.wav", "meta_year"])

    def test_parquet(self, tmp_path: Path) -> None:
        write_files(tmp_path, ["1.wav"])
        table = pd.DataFrame({"file_name": ["1.wav"], "label": ["rock"], "labels": [["rock", "live"]]})
        table.to_parquet(tmp_path / "metadata.parquet")
        assert audiofolder(tmp_path)["labels"].tolist() == [["rock", "live"]]

    def test_text_stays_as_it_is_spelled(self, tmp_path: Path) -> None:
        metadata(tmp_path, "\ufefffile_name,label,length\n1.wav,007,025\n", "1.wav")
        assert audiofolder(tmp_path).loc["1.wav", ["label", "meta_length"]].tolist() == ["007", "025"]

    def test_another_name_of_the_file_column(self, tmp_path: Path) -> None:
        metadata(tmp_path, "audio_file_name,label\n1.wav,a\n", "1.wav")
        assert audiofolder(tmp_path).loc["1.wav", "label"] == "a"

    def test_several_file_columns_need_a_choice(self, tmp_path: Path) -> None:
        metadata(tmp_path, "left_file_name,right_file_name,label\n1.wav,2.wav,a\n", "1.wav", "2.wav")
        with pytest.raises(
            CorpusError, match=r"several columns that name files \(left_file_name, right_file_name\)"
        ):
            audiofolder(tmp_path)
        table = audiofolder(tmp_path, file_name_column="right_file_name")
        assert table.loc["2.wav", "meta_left_file_name"] == "1.wav"

    def test_metadata_in_several_folders_name_files_relative_to_their_own(self, tmp_path: Path) -> None:
        metadata(tmp_path, "file_name,label\n./1.wav,a\n", "train/1.wav", name="train/metadata.csv")
        metadata(tmp_path, "file_name,label\nx\\2.wav,b\n", "test/x/2.wav", name="test/metadata.csv")
        table = audiofolder(tmp_path)
        assert table["label"].to_dict() == {"train/1.wav": "a", "test/x/2.wav": "b"}
        assert table["published_split"].to_dict() == {"train/1.wav": "train", "test/x/2.wav": "test"}

    def test_a_listed_file_that_is_missing_has_its_row_and_an_unlisted_one_no_label(
        self, tmp_path: Path
    ) -> None:
        metadata(tmp_path, "file_name,label\ngone.wav,a\nhere.wav,b\n", "here.wav", "extra.wav")
        assert audiofolder(tmp_path)["label"].fillna("-").to_dict() == {
            "extra.wav": "-",
            "gone.wav": "a",
            "here.wav": "b",
        }

    def test_columns_are_chosen_by_options(self, tmp_path: Path) -> None:
        metadata(tmp_path, "file_name,genre,tags,label,path\n1.wav,rock,live;loud,x,y\n", "1.wav")
        table = audiofolder(tmp_path, label_column="genre", labels_column="tags", list_separator=";")
        assert table.loc["1.wav", "labels"] == ["rock", "live", "loud"]
        assert table.loc["1.wav", ["meta_label", "meta_source_path"]].tolist() == ["x", "y"]

    def test_without_a_separator_a_text_is_one_label(self, tmp_path: Path) -> None:
        metadata(tmp_path, "file_name,labels\n1.wav,drum|bass\n", "1.wav")
        assert audiofolder(tmp_path).loc["1.wav", "labels"] == ["drum|bass"]
        assert audiofolder(tmp_path, list_separator="|").loc["1.wav", "labels"] == ["drum", "bass"]

    def test_instrument_rating_split_and_fold(self, tmp_path: Path) -> None:
        metadata(
            tmp_path,
            "file_name,label,instrument,rating,set,fold\n1.wav,a,flute,5,dev,1\n2.wav,b,oboe,1,,2\n",
            "1.wav",
            "2.wav",
        )
        table = audiofolder(tmp_path, rating_low=1, rating_high=5, split_column="set", fold_column="fold")
        assert table["rating"].tolist() == [1.0, 0.0]
        assert table["instrument"].tolist() == ["flute", "oboe"]
        assert table["published_split"].fillna("-").tolist() == ["validation", "-"]
        assert table["published_fold"].tolist() == [1, 2]
        assert not [name for name in table if name.startswith("meta_")]


class TestAudioFolderFolders:
    def test_without_label_columns_folders_are_labels(self, tmp_path: Path) -> None:
        write_files(
            tmp_path, ["train/rock/1.wav", "train/jazz/2.wav", "valid/rock/3.wav", "evaluation/jazz/4.wav"]
        )
        table = audiofolder(tmp_path)
        assert table["label"].tolist() == ["jazz", "jazz", "rock", "rock"]
        assert set(table["published_split"]) == {"train", "validation", "test"}

    def test_metadata_without_a_label_leave_the_labels_to_the_folders(self, tmp_path: Path) -> None:
        metadata(tmp_path, "file_name,artist\nrock/1.wav,A\njazz/2.wav,B\n", "rock/1.wav", "jazz/2.wav")
        assert audiofolder(tmp_path)["label"].to_dict() == {"rock/1.wav": "rock", "jazz/2.wav": "jazz"}

    @pytest.mark.parametrize(
        ("folder", "split"),
        [
            ("training", "train"), ("Train-clean", "train"), ("val", "validation"), ("dev_2", "validation"),
            ("testing", "test"), ("my test set", "test"), ("contest", None), ("trainer", None),
        ],
    )  # fmt: skip
    def test_folders_that_are_splits(self, folder: str, split: str | None, tmp_path: Path) -> None:
        write_files(tmp_path, [f"{folder}/rock/1.wav", f"{folder}/jazz/2.wav", "test/rock/3.wav"])
        found = audiofolder(tmp_path).loc[f"{folder}/rock/1.wav", "published_split"]
        assert (None if pd.isna(found) else found) == split

    def test_split_folders_can_be_left_out_of_account(self, tmp_path: Path) -> None:
        write_files(tmp_path, ["train/rock/1.wav", "test/jazz/2.wav"])
        assert audiofolder(tmp_path, split_folders=False)["published_split"].isna().all()

    def test_a_lone_train_folder_is_no_published_split(self, tmp_path: Path) -> None:
        write_files(tmp_path, ["data/train/rock/1.wav", "data/train/jazz/2.wav"])
        assert audiofolder(tmp_path)["published_split"].isna().all()


class TestAudioFolderRefuses:
    def test_no_label_anywhere(self, tmp_path: Path) -> None:
        metadata(tmp_path, "file_name,artist\n1.wav,A\n", "1.wav")
        with pytest.raises(
            CorpusError, match=r"what the labels are \(columns of the metadata: .*artist.*label_column"
        ):
            audiofolder(tmp_path)

    def test_split_folders_taken_for_labels(self, tmp_path: Path) -> None:
        write_files(tmp_path, ["train/1.wav", "test/2.wav"])
        with pytest.raises(CorpusError, match=r"what the labels are \(no metadata file"):
            audiofolder(tmp_path)

    def test_a_column_that_is_not_there(self, tmp_path: Path) -> None:
        metadata(tmp_path, "file_name,artist\n1.wav,A\n", "1.wav")
        with pytest.raises(ConfigurationError, match=r"names the column 'genre', but .* has only: artist"):
            audiofolder(tmp_path, label_column="genre")

    @pytest.mark.parametrize(
        ("cell", "problem"),
        [
            ("[rock, live", "neither a JSON array nor a Python list"),
            ("['rock' 'live']", "printed numpy array: write commas"),
            ('[["rock"]]', "not a flat list"),
        ],
    )
    def test_a_list_that_is_none(self, cell: str, problem: str, tmp_path: Path) -> None:
        quoted = cell.replace('"', '""')
        metadata(tmp_path, f'file_name,labels\n1.wav,"{quoted}"\n', "1.wav")
        with pytest.raises(CorpusError, match=rf"Column 'labels' of '1.wav'.*{problem}.*Write a JSON array"):
            audiofolder(tmp_path)

    @pytest.mark.parametrize("name", ["/etc/x.wav", "../x.wav", "a/../../x.wav"])
    def test_a_path_that_leaves_the_corpus(self, name: str, tmp_path: Path) -> None:
        metadata(tmp_path, f"file_name,label\n{name},a\n")
        with pytest.raises(CorpusError, match=r"outside of the corpus folder"):
            audiofolder(tmp_path)

    def test_a_recording_named_twice_with_different_labels(self, tmp_path: Path) -> None:
        metadata(tmp_path, "file_name,label\n1.wav,a\n./1.wav,b\n", "1.wav")
        with pytest.raises(
            CorpusError, match=r"1 recordings more than once and contradict themselves, first '1.wav'"
        ):
            audiofolder(tmp_path)

    def test_not_a_row_twice_that_agrees(self, tmp_path: Path) -> None:
        metadata(tmp_path, "file_name,label\n1.wav,a\n1.wav,a\n", "1.wav")
        assert len(audiofolder(tmp_path)) == 1

    def test_metadata_of_two_kinds(self, tmp_path: Path) -> None:
        metadata(tmp_path, "file_name,label\n1.wav,a\n", "1.wav")
        metadata(tmp_path, '{"file_name": "1.wav"}\n', name="metadata.jsonl")
        with pytest.raises(CorpusError, match=r"several kinds \(metadata.csv, metadata.jsonl\)"):
            audiofolder(tmp_path)

    @pytest.mark.parametrize(
        ("name", "text", "problem"),
        [
            ("metadata.csv", "", "cannot be read as a table"),
            ("metadata.csv", 'file_name,label\n"1.wav,a\n', "cannot be read as a table"),
            ("metadata.jsonl", '{"file_name": "1.wav"}\n{oops\n', "line 2 is no JSON"),
            ("metadata.jsonl", "[1]\n", "line 1 is no JSON object"),
            ("metadata.csv", "label\na\n", "no column file_name; its columns: label"),
            ("metadata.csv", "file_name,label\n1.wav,a\n,b\n", "row 2 has no file_name"),
        ],
    )
    def test_a_damaged_table(self, name: str, text: str, problem: str, tmp_path: Path) -> None:
        metadata(tmp_path, text, "1.wav", name=name)
        with pytest.raises(CorpusError, match=problem):
            audiofolder(tmp_path)

    @pytest.mark.parametrize(
        ("options", "problem"),
        [
            ({"rating_high": 4}, "rating of '1.wav' is 5, outside of 0 to 4. State the scale"),
            ({"rating_high": 5, "split_column": "set"}, "'set' of '1.wav' says 'holdout', which is no split"),
            (
                {"rating_high": 5, "fold_column": "set"},
                "'set' of '1.wav' says 'holdout', which is no whole number",
            ),
        ],
    )
    def test_values_that_cannot_be(self, options: dict, problem: str, tmp_path: Path) -> None:
        metadata(tmp_path, "file_name,label,rating,set\n1.wav,a,5,holdout\n", "1.wav")
        with pytest.raises(CorpusError, match=problem):
            audiofolder(tmp_path, **options)

    def test_a_scale_that_is_empty(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationError, match=r"rating_low 1.0 must be below rating_high 1.0"):
            audiofolder(tmp_path, rating_low=1)


class TestGtzan:
    @staticmethod
    def lists(root: Path, **names: str) -> None:
        folder = root / "splits"
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in names.items():
            (folder / f"{name}_filtered.txt").write_text(text)

    def test_lists_match_by_name_whatever_the_extension(self, tmp_path: Path) -> None:
        write_files(
            tmp_path / "genres", ["blues/blues.00001.ogg", "blues/blues.00002.au", "jazz/jazz.00001.WAV"]
        )
        self.lists(
            tmp_path,
            train="blues/blues.00001.wav\nrock/rock.00009.wav\n",
            valid="blues/blues.00002.wav\n",
            test="",
        )
        table = read_layout("gtzan", tmp_path, {})
        assert table["path"].tolist()[0] == "genres/blues/blues.00001.ogg"
        assert table["label"].tolist() == ["blues", "blues", "jazz"]
        assert table["published_split"].fillna("-").tolist() == ["train", "validation", "-"]

    def test_lists_can_be_left_out_of_account(self, tmp_path: Path) -> None:
        write_files(tmp_path, ["blues/blues.00001.wav"])
        self.lists(tmp_path, train="blues/blues.00001.wav", valid="", test="")
        assert read_layout("gtzan", tmp_path, {"split_lists": False})["published_split"].isna().all()

    def test_half_of_the_lists_is_refused(self, tmp_path: Path) -> None:
        write_files(tmp_path, ["blues/blues.00001.wav"])
        self.lists(tmp_path, train="")
        with pytest.raises(
            CorpusError, match=r"not valid_filtered.txt, test_filtered.txt.*split_lists: false"
        ):
            read_layout("gtzan", tmp_path, {})

    def test_a_name_in_two_lists_is_refused(self, tmp_path: Path) -> None:
        write_files(tmp_path, ["blues/blues.00001.wav"])
        self.lists(tmp_path, train="blues/blues.00001.wav", valid="", test="blues/blues.00001.au")
        with pytest.raises(
            CorpusError, match=r"in two published lists, train_filtered.txt and test_filtered.txt"
        ):
            read_layout("gtzan", tmp_path, {})

    @pytest.mark.real_data
    def test_the_published_lists_name_443_197_and_290_recordings(self, real_data: Path) -> None:
        counts = pd.Series(published_lists(real_data / "gtzan_mini")).value_counts()
        assert counts.to_dict() == {"train": 443, "validation": 197, "test": 290}

    @pytest.mark.real_data
    def test_which_of_the_hundred_real_tracks_they_name(self, real_data: Path) -> None:
        table = read_layout("gtzan", real_data / "gtzan_mini", {})
        assert len(table) == 100
        assert table["label"].value_counts().eq(10).all()
        assert table["published_split"].fillna("none").value_counts().to_dict() == {
            "validation": 49,
            "train": 40,
            "none": 7,
            "test": 4,
        }
        test = table.loc[table["published_split"] == "test", "path"].str.split("/").str[-1]
        lists = (real_data / "gtzan_mini" / "splits" / "test_filtered.txt").read_text()
        assert all(name.removesuffix(".ogg") + ".wav" in lists for name in test)

    @pytest.mark.real_data
    def test_real_metadata_of_single_notes(self, real_data: Path) -> None:
        table = audiofolder(real_data / "philharmonia_mini", label_column="articulation")
        assert table["label"].notna().sum() == 3000
        assert table["label"].nunique() == 49
        assert table["instrument"].nunique() == 12
        assert "025" in set(table["meta_length"])
