"""What an input stands for: a folder, a glob, a list, a file."""

from pathlib import Path

import pytest

from auricle.errors import ConfigurationError, CorpusError
from auricle.inference.bulk.listing import list_files


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Names are all that counts here."""
    for name in ("b.mp3", "deep/er/a.FLAC", "cover.jpg", ".hidden/c.wav"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def names(source: object, root: Path) -> list[str]:
    return [Path(path).relative_to(root).as_posix() for path in list_files(str(source))["path"]]


class TestFolderAndGlob:
    def test_a_folder_has_all_below_it(self, music: Path) -> None:
        assert names(music, music) == ["b.mp3", "deep/er/a.FLAC"]

    def test_a_glob_has_what_matches_and_sounds(self, music: Path) -> None:
        assert names(music / "**/*a*", music) == ["deep/er/a.FLAC"]
        assert names(music / "*", music) == ["b.mp3"]

    def test_a_file_is_a_list_of_one(self, music: Path) -> None:
        assert names(music / "b.mp3", music) == ["b.mp3"]

    def test_a_folder_whose_name_has_brackets_is_a_folder(self, music: Path) -> None:
        (music / "live [1977]").mkdir()
        (music / "live [1977]/x.ogg").write_bytes(b"")
        assert names(music / "live [1977]", music) == ["live [1977]/x.ogg"]

    def test_paths_are_absolute_whatever_was_given(
        self, music: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(music)
        assert list_files("deep")["path"].tolist() == [str(music / "deep/er/a.FLAC")]

    def test_nothing_there_is_refused(self, music: Path) -> None:
        (music / "empty").mkdir()
        for source, message in (
            ("empty", "no audio file"),
            ("*.ogg", "no audio file"),
            ("none", "there is no"),
        ):
            with pytest.raises(CorpusError, match=message):
                list_files(str(music / source))


class TestLists:
    def test_text_has_a_path_a_line_relative_to_its_folder(self, music: Path) -> None:
        (music / "list.m3u8").write_text("\ufeff#EXTM3U\nb.mp3\n\n gone.wav \nb.mp3\n", encoding="utf-8")
        assert names(music / "list.m3u8", music) == ["b.mp3", "gone.wav"]

    def test_csv_may_name_the_instrument(self, music: Path) -> None:
        (music / "notes.csv").write_text("instrument,path,player\nflute,a.wav,x\n,b.wav,y\n")
        table = list_files(str(music / "notes.csv"))
        assert table["instrument"].tolist() == ["flute", ""]
        assert table["path"].tolist() == [str(music / "a.wav"), str(music / "b.wav")]

    @pytest.mark.parametrize(
        ("name", "content", "message"),
        [
            ("l.csv", b"file\na.wav\n", "no column `path`, but 'file'"),
            ("l.csv", b"", "no list that can be read"),
            ("l.csv", b"path,instrument\na.wav,flute\na.wav,cello\n", "with two instruments"),
            ("l.txt", b"\xff\xfe\x00", "no list that can be read"),
            ("l.bin", b"ab\x00cd", "neither audio .* nor a list"),
        ],
    )
    def test_what_is_no_list_is_refused(
        self, tmp_path: Path, name: str, content: bytes, message: str
    ) -> None:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ConfigurationError, match=message):
            list_files(str(tmp_path / name))

    def test_an_empty_list_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "l.txt").write_text("# nothing\n")
        with pytest.raises(CorpusError, match="names no file"):
            list_files(str(tmp_path / "l.txt"))
