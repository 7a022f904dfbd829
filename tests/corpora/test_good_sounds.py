"""The layout of Good-sounds: rows in the real form, in both containers, and the real ones."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
from corpus_builders import write_files

from auricle.audio.limits import AudioLimits
from auricle.corpora.grouping import group_keys, own_group
from auricle.corpora.inspection import find_audio, inspect_files
from auricle.corpora.layouts import read_layout
from auricle.corpora.layouts.good_sounds import POSITIONS
from auricle.corpora.manifest import build_manifest
from auricle.corpora.params import IngestParams
from auricle.errors import CorpusError

Tables = dict[str, list[dict[str, Any]]]


def sound(number: int, klass: str | None, player: str | None, pack: int, **further: Any) -> dict[str, Any]:
    """A row of `sounds` with the columns that the published table has."""
    return {
        "id": number, "instrument": "flute", "note": "C", "octave": 4, "dynamics": "mf",
        "recorded_at": "2013-10-28 12:00:00.000000", "location": "upf studio", "player": player,
        "bow_velocity": None, "bridge_position": None, "string": None, "csv_file": 1, "csv_id": number,
        "pack_filename": f"{number:04d}.wav", "pack_id": pack, "attack": 105810, "decay": 110629,
        "sustain": None, "release": 332406, "offset": 343765, "reference": 1, "klass": klass,
        "comments": None, "semitone": 48, "pitch_reference": 442, **further,
    }  # fmt: skip


def take(number: int, of: int | None, microphone: str, pack: str) -> dict[str, Any]:
    """A row of `takes`."""
    filename = f"sound_files/{pack}/{microphone}/{of or 0:04d}.wav"
    return {
        "id": number, "microphone": microphone, "filename": filename,
        "original_filename": "AKG-costado-Left-01 render 001", "freesound_id": None, "sound_id": of,
        "goodsound_id": None,
    }  # fmt: skip


def rating(number: int, of: int, mark: object) -> dict[str, Any]:
    """A row of `ratings`."""
    return {"id": number, "mark": mark, "type": "good-sound", "created_at": "2013-11-01 12:00:00.000000",
            "comments": None, "sound_id": of, "rater": "almudena"}  # fmt: skip


@pytest.fixture
def tables() -> Tables:
    """Three sounds of two players, the first with two microphones, the third a scale."""
    return {
        "packs": [
            {"id": 1, "name": "flute_almudena_reference", "description": "Play reference notes"},
            {"id": 2, "name": "sax_alto_gener_recordings", "description": None},
        ],
        "sounds": [
            sound(1, "good-sound", "almudena", 1),
            sound(2, "bad-attack-tongue-block", "gener", 2, instrument="sax_alto"),
            sound(3, "scale-good-minor", "gener", 2, attack=None),
        ],
        "takes": [
            take(1, 1, "akg", "flute_almudena_reference"),
            take(2, 1, "neumann", "flute_almudena_reference"),
            take(3, 2, "neumann", "sax_alto_gener_recordings"),
            take(4, 3, "neumann", "sax_alto_gener_recordings"),
        ],
        "ratings": [rating(1, 1, 7), rating(2, 1, 8)],
    }


def write_json(folder: Path, tables: Tables) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        (folder / f"{name}.json").write_text(json.dumps({str(row["id"]): row for row in rows}))


def write_sqlite(folder: Path, tables: Tables) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(folder / "database.sqlite")) as database:
        columns = {"ratings": list(rating(1, 1, 1))}
        for name, rows in tables.items():
            names = columns.get(name) or list(rows[0])
            quoted, marks = ", ".join(f'"{column}"' for column in names), ", ".join("?" * len(names))
            database.execute(f"CREATE TABLE {name} ({quoted})")
            database.executemany(
                f"INSERT INTO {name} VALUES ({marks})", [tuple(row.values()) for row in rows]
            )
        database.commit()


Corpus = Callable[..., pd.DataFrame]


@pytest.fixture(params=["json", "sqlite"])
def corpus(request: pytest.FixtureRequest, tmp_path: Path) -> Corpus:
    """Writes the tables in either container, and a file for each take; reads the layout."""

    def make(tables: Tables, *absent: str, **options: Any) -> pd.DataFrame:
        root = tmp_path / "corpus"
        write = write_json if request.param == "json" else write_sqlite
        write(root if request.param == "json" else root / "good-sounds", tables)
        names = {row["filename"] for row in tables["takes"]} - set(absent)
        write_files(root / "good-sounds", sorted(names))
        return read_layout("good_sounds", root, options).set_index("path")

    return make


AKG = "good-sounds/sound_files/flute_almudena_reference/akg/0001.wav"
SAX = "good-sounds/sound_files/sax_alto_gener_recordings/neumann/0002.wav"
SCALE = "good-sounds/sound_files/sax_alto_gener_recordings/neumann/0003.wav"


class TestRows:
    def test_a_take_has_what_its_sound_says(self, corpus: Corpus, tables: Tables) -> None:
        row = corpus(tables).loc[AKG]
        assert row[["label", "instrument", "meta_player"]].tolist() == ["good-sound", "flute", "almudena"]
        assert row[["meta_pack", "meta_microphone"]].tolist() == ["flute_almudena_reference", "akg"]
        assert row[["meta_note", "meta_octave", "meta_semitone"]].tolist() == ["C", "4", "48"]
        assert row[["meta_dynamics", "meta_pitch_reference"]].tolist() == ["mf", "442"]

    def test_positions_are_kept_as_the_source_spells_them(self, corpus: Corpus, tables: Tables) -> None:
        row = corpus(tables).loc[AKG, [f"meta_{name}" for name in POSITIONS]]
        assert row.fillna("").tolist() == ["105810", "110629", "", "332406", "343765"]

    def test_takes_of_one_sound_share_its_id(self, corpus: Corpus, tables: Tables) -> None:
        assert corpus(tables)["meta_sound_id"].tolist() == ["1", "1", "2", "3"]

    def test_the_rating_is_the_mean_of_the_marks(self, corpus: Corpus, tables: Tables) -> None:
        ratings = corpus(tables)["rating"]
        assert ratings[AKG] == pytest.approx(0.75)
        assert ratings[[SAX, SCALE]].isna().all()

    def test_no_ratings_are_no_harm(self, corpus: Corpus, tables: Tables) -> None:
        assert corpus(tables | {"ratings": []})["rating"].isna().all()

    def test_classes_and_packs_may_be_left_out(self, corpus: Corpus, tables: Tables) -> None:
        labels = corpus(tables, exclude=["scale-*"])["label"]
        assert labels[[AKG, SAX]].tolist() == ["good-sound", "bad-attack-tongue-block"]
        assert pd.isna(labels[SCALE])

    def test_what_is_left_out_has_no_rating_either(self, corpus: Corpus, tables: Tables) -> None:
        rows = corpus(tables, exclude_packs=["flute_*"])
        assert pd.isna(rows.loc[AKG, "label"])
        assert rows["rating"].isna().all()
        assert rows.loc[SAX, "label"] == "bad-attack-tongue-block"

    def test_a_take_without_its_file_is_no_row(
        self, corpus: Corpus, tables: Tables, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("INFO")
        rows = corpus(tables, "sound_files/sax_alto_gener_recordings/neumann/0002.wav")
        assert SAX not in rows.index
        assert "takes names 4 recordings; 3 of them are here" in caplog.text

    @pytest.mark.parametrize("unknown", [None, 99])
    def test_a_take_of_no_sound_has_no_label(
        self, corpus: Corpus, tables: Tables, unknown: int | None, caplog: pytest.LogCaptureFixture
    ) -> None:
        tables["takes"][2]["sound_id"] = unknown
        row = corpus(tables).loc[SAX]
        assert row[["label", "instrument", "meta_sound_id", "meta_player"]].isna().all()
        assert "1 takes, such as" in caplog.text


class TestRefusals:
    def test_takes_of_different_sounds_with_one_file(self, corpus: Corpus, tables: Tables) -> None:
        tables["takes"][3]["filename"] = tables["takes"][2]["filename"]
        with pytest.raises(CorpusError, match=r"different sounds \(2, 3\) name one file.*0002.wav"):
            corpus(tables)

    @pytest.mark.parametrize("mark", [11, "good"])
    def test_a_mark_out_of_range(self, corpus: Corpus, tables: Tables, mark: object) -> None:
        tables["ratings"][0]["mark"] = mark
        with pytest.raises(CorpusError, match=rf"rating of sound 1 is '{mark}', not a mark from 0 to 10"):
            corpus(tables)

    def test_a_table_without_a_column(self, corpus: Corpus, tables: Tables) -> None:
        for row in tables["sounds"]:
            del row["klass"]
        with pytest.raises(CorpusError, match=r"sounds.* has no klass; there is id, instrument"):
            corpus(tables)

    def test_no_tables(self, tmp_path: Path) -> None:
        write_files(tmp_path, ["sound_files/a/akg/0.wav"])
        with pytest.raises(CorpusError, match=r"neither sounds.json nor database.sqlite"):
            read_layout("good_sounds", tmp_path, {})

    def test_no_folder_of_sounds(self, tables: Tables, tmp_path: Path) -> None:
        write_json(tmp_path, tables)
        write_files(tmp_path, ["elsewhere/0.wav"])
        with pytest.raises(CorpusError, match="has no folder sound_files"):
            read_layout("good_sounds", tmp_path, {})

    def test_a_missing_table_is_named(self, tables: Tables, tmp_path: Path) -> None:
        write_json(tmp_path, tables)
        (tmp_path / "takes.json").unlink()
        write_files(tmp_path, ["sound_files/a/akg/0.wav"])
        with pytest.raises(CorpusError, match=r"takes.json is not there"):
            read_layout("good_sounds", tmp_path, {})

    def test_a_row_under_anothers_key(self, tables: Tables, tmp_path: Path) -> None:
        write_json(tmp_path, tables)
        (tmp_path / "packs.json").write_text(json.dumps({"7": tables["packs"][0]}))
        write_files(tmp_path, ["sound_files/a/akg/0.wav"])
        with pytest.raises(CorpusError, match="the row of id 1 under the key '7'"):
            read_layout("good_sounds", tmp_path, {})

    def test_a_sound_twice(self, tables: Tables, tmp_path: Path) -> None:
        tables["sounds"].append(sound(1, "bad-attack", "gener", 1))
        write_sqlite(tmp_path, tables)
        write_files(tmp_path, ["sound_files/a/akg/0.wav"])
        with pytest.raises(CorpusError, match="table sounds of Good-sounds has the id 1 twice"):
            read_layout("good_sounds", tmp_path, {})

    @pytest.mark.parametrize("name", ["database.sqlite", "sounds.json"])
    def test_a_file_that_is_none(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).write_text("no table at all, whatever the name says" * 50)
        write_files(tmp_path, ["sound_files/a/akg/0.wav"])
        with pytest.raises(CorpusError, match=rf"{name} cannot be read as"):
            read_layout("good_sounds", tmp_path, {})


class TestContainers:
    def test_either_may_be_chosen_where_both_are_there(self, tables: Tables, tmp_path: Path) -> None:
        write_json(tmp_path, tables)
        tables["sounds"][0]["klass"] = "bad-attack"
        write_sqlite(tmp_path, tables)
        write_files(tmp_path, [row["filename"] for row in tables["takes"]])
        said = {
            choice: read_layout("good_sounds", tmp_path, {"tables": choice})["label"].iloc[0]
            for choice in ("auto", "json", "sqlite")
        }
        assert said == {"auto": "good-sound", "json": "good-sound", "sqlite": "bad-attack"}

    def test_the_one_that_is_not_there_cannot_be_chosen(self, tables: Tables, tmp_path: Path) -> None:
        write_json(tmp_path, tables)
        write_files(tmp_path, ["sound_files/a/akg/0.wav"])
        with pytest.raises(CorpusError, match=r"no database.sqlite"):
            read_layout("good_sounds", tmp_path, {"tables": "sqlite"})

    def test_a_database_is_only_read(self, tables: Tables, tmp_path: Path) -> None:
        write_sqlite(tmp_path, tables)
        write_files(tmp_path, [row["filename"] for row in tables["takes"]])
        before = (tmp_path / "database.sqlite").read_bytes()
        (tmp_path / "database.sqlite").chmod(0o444)
        read_layout("good_sounds", tmp_path, {})
        assert (tmp_path / "database.sqlite").read_bytes() == before
        assert sorted(path.name for path in tmp_path.iterdir()) == ["database.sqlite", "sound_files"]

    @pytest.mark.real_data
    def test_the_published_rows_are_read(self, real_data: Path) -> None:
        (row,) = read_layout("good_sounds", real_data / "layouts/good_sounds", {}).to_dict("records")
        assert row["path"] == "good-sounds/sound_files/flute_almudena_reference/akg/0000.wav"
        assert (row["label"], row["instrument"], row["meta_player"]) == ("good-sound", "flute", "almudena")
        assert (row["meta_attack"], row["meta_offset"]) == ("105810", "343765")


class TestGroups:
    @pytest.mark.parametrize(
        ("group_by", "linked"),
        [("sound_id", [[0, 1], [2], [3]]), (["player", "sound_id"], [[0, 1], [2, 3]])],
    )
    def test_join_the_microphones_of_a_sound_or_all_of_a_player(
        self, corpus: Corpus, tables: Tables, group_by: object, linked: list[list[int]]
    ) -> None:
        table = corpus(tables).reset_index()
        table["recording_id"] = [f"{number:016x}" for number in range(len(table))]
        keys = group_keys(table, IngestParams(layout="good_sounds", group_by=group_by))
        own = own_group(keys)
        assert [own.index[own == name].tolist() for name in own.unique()] == linked

    def test_join_the_microphones_of_a_sound_whose_player_is_not_told(
        self, corpus: Corpus, tables: Tables
    ) -> None:
        tables["sounds"][0]["player"] = None
        table = corpus(tables).reset_index().assign(recording_id="x")
        own = own_group(group_keys(table, IngestParams(group_by=["player", "sound_id"])))
        assert own.tolist() == ["sound_id:1", "sound_id:1", "player:gener", "player:gener"]


class TestManifest:
    """The preset's way from the tables and real files to folds by player."""

    PARAMS = IngestParams(
        layout="good_sounds", group_by=["player", "sound_id"], protocol="grouped_k_fold", folds=3
    )

    @pytest.fixture
    def tables(self) -> Tables:
        """Six players, each with a good and a bad note of half a second, by two microphones."""
        notes = [
            sound(2 * number + bad, ("good-sound", "bad-attack-soft")[bad], f"player {number}", 1)
            for number in range(6)
            for bad in range(2)
        ]
        takes = [
            take(2 * each["id"] + place, each["id"], microphone, "flute_reference")
            for each in notes
            for place, microphone in enumerate(("akg", "neumann"))
        ]
        return {
            "packs": [{"id": 1, "name": "flute_reference", "description": None}],
            "sounds": notes,
            "takes": takes,
            "ratings": [],
        }

    def test_has_players_in_one_fold_each_and_the_positions(
        self, corpus: Corpus, tables: Tables, tmp_path: Path
    ) -> None:
        layout, root = corpus(tables).reset_index(), tmp_path / "corpus"
        for number, path in enumerate(layout["path"]):
            soundfile.write(root / path, 0.1 * np.random.default_rng(number).standard_normal(11_025), 22_050)
        (files,) = inspect_files(root, find_audio(root), None, AudioLimits(), workers=1)
        manifest, _ = build_manifest(files, layout, None, self.PARAMS)
        assert (manifest["status"] == "ok").all()
        assert len(manifest) == 24
        assert set(manifest.groupby("meta_player")["fold"].nunique()) == {1}
        assert set(manifest.groupby("fold")["meta_player"].nunique()) == {2}
        assert set(manifest["meta_attack"]) == {"105810"}
        assert set(manifest["meta_offset"]) == {"343765"}
