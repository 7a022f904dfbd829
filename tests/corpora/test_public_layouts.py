"""The layouts of public corpora, on rows in the form that their tables have."""

from pathlib import Path

import pandas as pd
import pytest
from corpus_builders import write_files

from auricle.corpora.layouts import LAYOUT_COLUMNS, read_layout
from auricle.errors import ConfigurationError, CorpusError

ESC50 = """filename,fold,target,category,esc10,src_file,take
1-100032-A-0.wav,1,0,dog,True,100032,A
1-100038-A-14.wav,1,14,chirping_birds,False,100038,A
5-9032-A-0.wav,5,0,dog,True,9032,A
"""

FMA = """,album,artist,artist,set,set,track,track,track
,id,id,name,split,subset,genre_top,genres_all,title
track_id,,,,,,,,
2,1,1,AWOL,training,small,Hip-Hop,[21],Food
3,1,1,AWOL,validation,medium,Hip-Hop,[21],"Electric Ave"
10,6,6,"Kurt, Vile",test,small,Pop,[10],Freeway
20,4,4,Nicky Cook,training,large,,"[76, 10, 12]",Spiritual Level
155320,9,9,NA,training,small,Rock,"[12, 58]",Last
"""
GENRES = """genre_id,#tracks,parent,title,top_level
10,13845,0,Pop,10
12,32923,0,Rock,12
21,12706,0,Hip-Hop,21
58,3,12,Psych-Rock,12
76,1868,10,Experimental Pop,10
"""

MSD = """# MSD Allmusic Genre Dataset
TRAAAAK128F9318786\tPop_Rock
TRAAAAW128F429D538\tRap\tPop_Rock
TRAAABD128F429CF47\tPop_Rock

"""

JAMENDO = {
    "train": "track_0000247\tartist_000005\talbum_000033\t47/247.mp3\t85.9\tgenre---pop\tgenre---rock\n"
    "track_0000382\tartist_000020\talbum_000046\t82/382.mp3\t211.1\tgenre---classical\n",
    "validation": "track_0000773\tartist_000104\talbum_000126\t73/773.mp3\t275.3\tgenre---electronic\n",
    "test": "track_0000214\tartist_000014\talbum_000031\t14/214.mp3\t124.6\tgenre---punkrock"
    "\tinstrument---bass\n",
}
JAMENDO_HEADER = "TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS\n"


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def read(name: str, root: Path, **options: object) -> pd.DataFrame:
    table = read_layout(name, root, options)
    assert list(table.columns[: len(LAYOUT_COLUMNS)]) == list(LAYOUT_COLUMNS)
    assert table["path"].is_monotonic_increasing
    return table.set_index("path")


class TestEsc50:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        write_files(tmp_path, ["audio/1-100032-A-0.wav", "audio/1-100038-A-14.wav", "audio/extra.wav"])
        write(tmp_path / "meta/esc50.csv", ESC50)
        return tmp_path

    def test_reads_classes_folds_and_sources(self, root: Path) -> None:
        table = read("esc50", root)
        assert table.loc["audio/1-100038-A-14.wav", "label"] == "chirping_birds"
        assert table.loc["audio/5-9032-A-0.wav", "published_fold"] == 5
        assert table.loc["audio/1-100032-A-0.wav", "meta_src_file"] == "100032"

    def test_keeps_files_and_rows_that_have_no_partner(self, root: Path) -> None:
        table = read("esc50", root)
        assert len(table) == 4
        assert pd.isna(table.loc["audio/extra.wav", "label"])

    def test_esc10_is_its_ten_classes_only(self, root: Path) -> None:
        assert set(read("esc50", root, esc10=True)["label"]) == {"dog"}

    def test_a_table_of_another_form_is_refused(self, root: Path) -> None:
        write(root / "meta/esc50.csv", "file,label\na.wav,dog\n")
        with pytest.raises(
            CorpusError, match=r"esc50.csv has no column filename, fold.*its columns: file, label"
        ):
            read("esc50", root)

    def test_a_missing_table_is_named(self, root: Path) -> None:
        (root / "meta/esc50.csv").unlink()
        with pytest.raises(CorpusError, match=r"esc50.csv is not there"):
            read("esc50", root)


class TestFma:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        files = ("000/000002.mp3", "000/000003.mp3", "000/000020.mp3", "155/155320.mp3", "155/155999.mp3")
        write_files(tmp_path, [f"fma_large/{file}" for file in files])
        write(tmp_path / "fma_metadata/tracks.csv", FMA)
        write(tmp_path / "fma_metadata/genres.csv", GENRES)
        return tmp_path

    def test_reads_labels_by_name_splits_and_artists(self, root: Path) -> None:
        table = read("fma", root)
        first = table.loc["fma_large/000/000002.mp3"]
        assert (first["label"], first["published_split"], first["meta_artist"]) == ("Hip-Hop", "train", "1")
        assert table.loc["fma_large/155/155320.mp3", "labels"] == ["Rock", "Psych-Rock"]
        assert table.loc["fma_large/155/155320.mp3", "meta_artist_name"] == "NA"
        assert table.loc["fma_large/000/000003.mp3", "published_split"] == "validation"

    def test_a_track_without_a_top_genre_has_its_labels(self, root: Path) -> None:
        track = read("fma", root).loc["fma_large/000/000020.mp3"]
        assert pd.isna(track["label"])
        assert track["labels"] == ["Experimental Pop", "Pop", "Rock"]

    def test_has_rows_for_the_files_that_are_there(
        self, root: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level("INFO"):
            table = read("fma", root)
        assert len(table) == 5
        assert pd.isna(table.loc["fma_large/155/155999.mp3", "label"])
        assert "tracks.csv names 5 recordings; 4 of them are here, 1 files are not in it." in caplog.text

    @pytest.mark.parametrize(("subset", "labelled"), [("small", 2), ("medium", 3), ("large", 3)])
    def test_a_subset_contains_the_smaller_ones(self, root: Path, subset: str, labelled: int) -> None:
        assert read("fma", root, subset=subset)["label"].notna().sum() == labelled

    def test_a_genre_that_the_other_table_does_not_know_is_refused(self, root: Path) -> None:
        write(root / "fma_metadata/genres.csv", GENRES.replace("21,", "22,"))
        with pytest.raises(CorpusError, match=r"track 2 the genre 21, which genres.csv"):
            read("fma", root)

    def test_two_files_of_one_track_are_refused(self, root: Path) -> None:
        write_files(root, ["fma_small/000/000002.mp3"])
        with pytest.raises(CorpusError, match=r"000002.mp3 has the name of another file"):
            read("fma", root)


class TestMsd:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        write_files(tmp_path, ["A/A/TRAAAAK128F9318786.mp3", "TRAAAAW128F429D538.mp3", "A/other.mp3"])
        write(tmp_path / "genres.cls", MSD)
        return tmp_path

    def test_finds_tracks_by_name_in_any_folder(self, root: Path) -> None:
        table = read("msd", root)
        assert table["label"].to_dict() == pytest.approx(
            {
                "A/A/TRAAAAK128F9318786.mp3": "Pop_Rock",
                "A/other.mp3": float("nan"),
                "TRAAAAW128F429D538.mp3": "Rap",
            },
            nan_ok=True,
        )

    def test_a_second_genre_is_a_further_label(self, root: Path) -> None:
        assert read("msd", root).loc["TRAAAAW128F429D538.mp3", "labels"] == ["Rap", "Pop_Rock"]

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            (
                "TRAAAAK128F9318786\tJazz",
                "line 6: TRAAAAK128F9318786 has the genre 'Jazz', and 'Pop_Rock' above",
            ),
            ("TRAAAAK128F9318786 Jazz", "line 6: .* is no track id, a tab, and a genre"),
        ],
    )
    def test_a_line_that_cannot_be_is_refused(self, root: Path, line: str, message: str) -> None:
        write(root / "genres.cls", MSD + line)
        with pytest.raises(CorpusError, match=message):
            read("msd", root)

    def test_a_missing_list_is_named(self, root: Path) -> None:
        with pytest.raises(CorpusError, match=r"none.cls is not there.*list_file"):
            read("msd", root, list_file="none.cls")

    def test_published_splits_are_lists_of_tracks_with_genres_or_without(self, root: Path) -> None:
        write(root / "splits/train.cls", "# stratified\nTRAAAAW128F429D538\tRap\nTRAAADZ128F9348C2E\tPop\n")
        write(root / "splits/test.txt", "TRAAAAK128F9318786\n")
        lists = {"train": "splits/train.cls", "test": "splits/test.txt"}
        splits = read("msd", root, split_lists=lists)["published_split"]
        assert splits.dropna().to_dict() == {
            "A/A/TRAAAAK128F9318786.mp3": "test",
            "TRAAAAW128F429D538.mp3": "train",
        }
        assert read("msd", root)["published_split"].isna().all()

    def test_a_track_on_two_lists_and_a_list_that_is_not_there_are_refused(self, root: Path) -> None:
        write(root / "train.txt", "TRAAAAK128F9318786\n")
        write(root / "test.txt", "TRAAAAW128F429D538\nTRAAAAK128F9318786\n")
        with pytest.raises(CorpusError, match=r"test.txt, line 2: TRAAAAK128F9318786 is on the list of test"):
            read("msd", root, split_lists={"train": "train.txt", "test": "test.txt"})
        with pytest.raises(CorpusError, match=r"valid.txt is not there: split_lists names it for validation"):
            read("msd", root, split_lists={"validation": "valid.txt"})
        with pytest.raises(ConfigurationError, match=r"dev.*'train', 'validation' or 'test'"):
            read("msd", root, split_lists={"dev": "train.txt"})


class TestMtgJamendo:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        write_files(tmp_path, ["47/247.low.mp3", "82/382.low.mp3", "14/214.low.mp3"])
        for split, rows in JAMENDO.items():
            write(tmp_path / f"autotagging_genre-{split}.tsv", JAMENDO_HEADER + rows)
        return tmp_path

    def test_reads_any_number_of_tags(self, root: Path) -> None:
        table = read("mtg_jamendo", root)
        assert table["labels"].tolist() == [["punkrock"], ["pop", "rock"], ["classical"]]
        assert table["label"].tolist()[::2] == ["punkrock", "classical"]
        assert pd.isna(table["label"].iloc[1])

    def test_reads_splits_and_artists(self, root: Path) -> None:
        table = read("mtg_jamendo", root)
        assert table["published_split"].tolist() == ["test", "train", "train"]
        assert table.loc["82/382.low.mp3", "meta_artist"] == "artist_000020"

    def test_reads_another_kind_of_tag(self, root: Path) -> None:
        assert read("mtg_jamendo", root, category="instrument").loc["14/214.low.mp3", "label"] == "bass"

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (JAMENDO["test"], "begins with 'track_0000214"),
            (JAMENDO_HEADER + "track\tartist\n", "line 2, has 2 of at least 6 columns"),
        ],
    )
    def test_a_table_of_another_form_is_refused(self, root: Path, text: str, message: str) -> None:
        write(root / "autotagging_genre-test.tsv", text)
        with pytest.raises(CorpusError, match=message):
            read("mtg_jamendo", root)

    def test_a_missing_table_is_named(self, root: Path) -> None:
        (root / "autotagging_genre-test.tsv").unlink()
        with pytest.raises(CorpusError, match=r"autotagging_genre-test.tsv is not there.*prefix"):
            read("mtg_jamendo", root)

    @pytest.mark.real_data
    def test_reads_the_published_rows(self, real_data: Path, tmp_path: Path) -> None:
        tables = sorted((real_data / "layouts/mtg_jamendo").glob("*.tsv"))
        lines = [line for table in tables for line in table.read_text().splitlines()[1:]]
        for table in tables:
            write(tmp_path / table.name, table.read_text())
        write_files(tmp_path, [line.split("\t")[3] for line in lines])
        read_back = read("mtg_jamendo", tmp_path)
        assert len(read_back) == len(lines)
        assert read_back["labels"].map(len).sum() == sum(line.count("genre---") for line in lines)
        assert set(read_back["published_split"]) == {"train", "validation", "test"}


MTAT = """"clip_id"\t"no voice"\t"guitar"\t"sitar"\t"mp3_path"
"2"\t"0"\t"1"\t"1"\t"f/american_bach-01-29-58.mp3"
"6"\t"1"\t"1"\t"0"\t"0/jade_leary-02-0-29.mp3"
"10"\t"0"\t"0"\t"1"\t"c/jade_leary-02-59-88.mp3"
"11"\t"0"\t"1"\t"0"\t"1/not_here-01-0-29.mp3"
"""
MTAT_CLIPS = """clip_id\ttrack_number\ttitle\tartist\talbum\turl\tsegmentStart
2\t1\tBWV54\tAmerican Bach Soloists\tCantatas\thttp\t29
6\t2\t"Oysters" live\tJade Leary\tFossildawn\thttp\t0
10\t2\tOysters\tJade Leary\tFossildawn\thttp\t59
"""


class TestMagnaTagATune:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        write(tmp_path / "annotations_final.csv", MTAT)
        write(tmp_path / "clip_info_final.csv", MTAT_CLIPS)
        names = ("f/american_bach-01-29-58", "0/jade_leary-02-0-29", "c/jade_leary-02-59-88", "3/unlisted")
        write_files(tmp_path, [f"{name}.mp3" for name in names])
        return tmp_path

    def test_reads_tags_splits_and_artists(self, root: Path) -> None:
        table = read("magnatagatune", root)
        assert table.loc["f/american_bach-01-29-58.mp3", "labels"] == ["guitar", "sitar"]
        splits = table["published_split"]
        assert splits["0/jade_leary-02-0-29.mp3"] == "train"
        assert splits["c/jade_leary-02-59-88.mp3"] == "validation"
        assert splits["f/american_bach-01-29-58.mp3"] == "test"
        assert table.loc["0/jade_leary-02-0-29.mp3", "meta_artist"] == "Jade Leary"
        assert table["label"].isna().all()

    def test_files_and_rows_without_a_partner(self, root: Path) -> None:
        table = read("magnatagatune", root)
        assert len(table) == 4
        assert table.loc["3/unlisted.mp3", "labels"] == []

    def test_only_the_most_frequent_tags_are_labels(self, root: Path) -> None:
        labels = read("magnatagatune", root, top_tags=2)["labels"]
        assert labels["0/jade_leary-02-0-29.mp3"] == ["guitar"]
        assert labels["f/american_bach-01-29-58.mp3"] == ["guitar", "sitar"]

    def test_the_split_by_folders_can_be_left(self, root: Path) -> None:
        assert read("magnatagatune", root, split_by_folder=False)["published_split"].isna().all()

    def test_a_cell_that_is_no_flag_is_refused(self, root: Path) -> None:
        write(root / "annotations_final.csv", MTAT.replace('"2"\t"0"', '"2"\t"yes"'))
        with pytest.raises(CorpusError, match="says 'yes' of the tag 'no voice' for the clip 2"):
            read("magnatagatune", root)

    def test_another_table_is_refused(self, root: Path) -> None:
        write(root / "annotations_final.csv", "clip_id\tguitar\n1\t1\n")
        with pytest.raises(CorpusError, match="has no column mp3_path"):
            read("magnatagatune", root)
