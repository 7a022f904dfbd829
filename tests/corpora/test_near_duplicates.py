"""Near-duplicates: copies are found whatever was done to them, and nothing else is taken for one."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
import soxr
from altered_copies import CHANGES, RATE, melody

from auricle.audio.fingerprint import SAMPLE_RATE, fingerprint, to_bytes
from auricle.audio.limits import AudioLimits
from auricle.corpora import inspection, verdict
from auricle.corpora.inspection import find_audio, inspect_files
from auricle.corpora.near_duplicates import LINK_DTYPES, find_near_duplicates, links_between
from auricle.corpora.params import NearDuplicateParams

PARAMS = NearDuplicateParams()


def peaks_of(samples: np.ndarray) -> np.ndarray:
    return fingerprint(soxr.resample(samples, RATE, SAMPLE_RATE))


@cache
def originals() -> dict[str, np.ndarray]:
    return {str(seed): peaks_of(melody(seed)) for seed in range(8)}


def table(fingerprints: dict[str, np.ndarray], **columns: Any) -> pd.DataFrame:
    rows = pd.DataFrame(
        {
            "path": [f"{name}.wav" for name in fingerprints],
            "recording_id": list(fingerprints),
            "status": "ok",
            "fingerprint": [to_bytes(peaks) for peaks in fingerprints.values()],
            "fingerprint_version": 1,
        }
    )
    return rows.assign(**columns)


class TestFinds:
    @pytest.mark.parametrize("change", CHANGES)
    def test_a_copy_that_was_changed_and_nothing_else(self, change: str) -> None:
        copies = {f"copy of {seed}": peaks_of(CHANGES[change](melody(int(seed)))) for seed in ("2", "5")}
        found = {frozenset(link[:2]) for link in links_between(originals() | copies, PARAMS)}
        assert found == {frozenset((seed, f"copy of {seed}")) for seed in ("2", "5")}

    def test_excerpts_that_overlap(self) -> None:
        whole = melody(50, 20.0)
        found = links_between({"a": peaks_of(whole[: 13 * RATE]), "b": peaks_of(whole[8 * RATE :])}, PARAMS)
        ((first, second, how),) = found
        assert (first, second) == ("a", "b")
        assert how.offset / 31.25 == pytest.approx(8.0, abs=0.05)

    def test_all_of_very_many_copies_by_way_of_each_other(self) -> None:
        piece = melody(51, 6.0)
        many = {str(number): peaks_of(CHANGES["softer"](piece[number * 97 :])) for number in range(40)}
        links = [set(link[:2]) for link in links_between(many, PARAMS)]
        reached, before = {"0"}, set()
        while reached != before:
            before = set(reached)
            reached = reached.union(*(link for link in links if link & reached))
        assert reached == set(many)
        assert len(links) < 40 * 39 / 2

    def test_copies_in_a_sample_of_the_hashes(self) -> None:
        copies = {"copy": peaks_of(CHANGES["mp3"](melody(3)))}
        few = PARAMS.model_copy(update={"max_hashes": 3000})
        assert [link[:2] for link in links_between(originals() | copies, few)] == [("3", "copy")]


class TestDoesNotFind:
    def test_other_recordings(self) -> None:
        assert list(links_between(originals(), PARAMS)) == []

    def test_recordings_that_share_a_metronome(self) -> None:
        clicks = np.zeros(12 * RATE, dtype=np.float32)
        clicks[:: RATE // 2] = 1.0
        both = {name: peaks_of(clicks + 2 * melody(60 + int(name))) for name in ("0", "1")}
        assert list(links_between(both, PARAMS)) == []

    def test_sounds_that_are_too_short_to_tell(self) -> None:
        short = peaks_of(melody(7, 1.0))
        assert list(links_between({"a": short, "b": short}, PARAMS)) == []

    def test_anything_in_silence(self) -> None:
        silence = np.empty(0, np.uint32)
        assert list(links_between({"a": silence, "b": silence}, PARAMS)) == []
        assert list(links_between({}, PARAMS)) == []


class TestTable:
    def test_names_both_and_how_they_coincide(self) -> None:
        copy = peaks_of(CHANGES["start cut off"](melody(4)))
        found = find_near_duplicates(table(originals() | {"x": copy}), PARAMS)
        assert found.dtypes.astype("str").to_dict() == LINK_DTYPES
        (row,) = found.to_dict("records")
        assert (row["path"], row["other_path"]) == ("4.wav", "x.wav")
        assert row["offset_s"] == pytest.approx(3.0137, abs=0.05)
        assert row["share"] > PARAMS.min_share
        assert row["peaks"] >= PARAMS.min_peaks

    def test_thresholds_are_parameters(self) -> None:
        rows = table({"a": originals()["0"], "b": peaks_of(CHANGES["noise at 10 dB"](melody(0)))})
        (row,) = find_near_duplicates(rows, PARAMS).to_dict("records")
        for stricter in ({"min_share": row["share"] + 0.01}, {"min_peaks": row["peaks"] + 1}):
            assert find_near_duplicates(rows, PARAMS.model_copy(update=stricter)).empty

    @pytest.mark.parametrize(
        "change",
        [
            {"status": ["ok", "quarantined"]},
            {"fingerprint_version": [1, 0]},
            {"fingerprint": [b"", None], "fingerprint_version": [1, float("nan")]},
            {"recording_id": ["a", "a"]},
        ],
    )
    def test_leaves_out_what_cannot_be_compared_or_is_the_same_file(self, change: dict) -> None:
        rows = table({"a": originals()["0"], "b": originals()["0"]})
        assert len(find_near_duplicates(rows, PARAMS)) == 1
        assert find_near_duplicates(rows.assign(**change), PARAMS).empty

    def test_is_empty_but_typed_where_it_is_not_wanted_or_nothing_is_known(self) -> None:
        rows = table({"a": originals()["0"], "b": originals()["0"]})
        off = NearDuplicateParams(enabled=False)
        without = rows.drop(columns=["fingerprint", "fingerprint_version"])
        for found in (find_near_duplicates(rows, off), find_near_duplicates(without, PARAMS)):
            assert found.empty
            assert found.dtypes.astype("str").to_dict() == LINK_DTYPES


class TestInventory:
    @pytest.fixture
    def decoded(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """The names of the files that are decoded, in this process instead of in children."""
        names: list[str] = []
        decode = verdict.decode_with_info

        def counting(path: Path, limits: AudioLimits, rate: int) -> Any:
            names.append(path.name)
            return decode(path, limits, rate)

        monkeypatch.setattr(verdict, "decode_with_info", counting)
        monkeypatch.setattr(inspection, "map_isolated", lambda f, items, **_: ((i, f(i)) for i in items))
        return names

    def inspect(
        self, root: Path, known: pd.DataFrame | None = None, *, fingerprints: bool = True
    ) -> pd.DataFrame:
        chunks = inspect_files(root, find_audio(root), known, AudioLimits(), fingerprints=fingerprints)
        return pd.concat([pd.DataFrame(), *chunks])

    def test_says_the_same_of_files_with_and_without_fingerprints(self, tmp_path: Path) -> None:
        sf.write(tmp_path / "a.wav", melody(0, 3.0), RATE)
        sf.write(tmp_path / "b.ogg", np.stack([melody(0, 3.0)] * 2, axis=1), RATE)
        (tmp_path / "c.mp3").write_bytes(b"not audio")
        sf.write(tmp_path / "d.wav", np.zeros(RATE), RATE)
        heard, plain = self.inspect(tmp_path), self.inspect(tmp_path, fingerprints=False)
        new = ["fingerprint", "fingerprint_version"]
        pd.testing.assert_frame_equal(heard.drop(columns=new), plain.drop(columns=new))
        assert heard["fingerprint_version"].tolist() == [1, 1, 0, 0]
        assert heard["fingerprint"].map(len).gt(100).tolist() == [True, True, False, False]
        assert set(plain["fingerprint_version"]) == {0}

    def test_fingerprints_only_what_is_new(self, tmp_path: Path, decoded: list[str]) -> None:
        sf.write(tmp_path / "a.wav", melody(0, 6.0), RATE)
        known = self.inspect(tmp_path)
        sf.write(tmp_path / "b.flac", melody(0, 6.0)[RATE:], RATE)
        decoded.clear()
        added = self.inspect(tmp_path, known)
        assert decoded == ["b.flac"]
        assert len(find_near_duplicates(pd.concat([known, added]), PARAMS)) == 1
        assert self.inspect(tmp_path, pd.concat([known, added])).empty

    def test_a_moved_file_takes_its_fingerprint_along(self, tmp_path: Path, decoded: list[str]) -> None:
        sf.write(tmp_path / "a.wav", melody(0, 3.0), RATE)
        known = self.inspect(tmp_path)
        decoded.clear()
        (tmp_path / "a.wav").rename(tmp_path / "b.wav")
        moved = self.inspect(tmp_path, known)
        assert decoded == []
        assert moved["fingerprint"].item() == known["fingerprint"].item()

    def test_of_before_there_were_fingerprints_is_made_anew(
        self, tmp_path: Path, decoded: list[str], caplog: pytest.LogCaptureFixture
    ) -> None:
        sf.write(tmp_path / "a.wav", melody(0, 3.0), RATE)
        (tmp_path / "c.mp3").write_bytes(b"not audio")
        old = self.inspect(tmp_path, fingerprints=False).drop(columns=["fingerprint", "fingerprint_version"])
        with caplog.at_level("INFO"):
            added = self.inspect(tmp_path, old)
        assert decoded == ["a.wav"]
        assert added["path"].tolist() == ["a.wav"]
        assert "1 known recordings have no fingerprint of this version: they are decoded" in caplog.text
        together = pd.concat([old, added]).drop_duplicates("path", keep="last")
        assert self.inspect(tmp_path, together).empty
        assert self.inspect(tmp_path, old, fingerprints=False).empty

    def test_survives_parquet_in_shards(self, tmp_path: Path) -> None:
        sf.write(tmp_path / "a.wav", melody(0, 3.0), RATE)
        (tmp_path / "c.mp3").write_bytes(b"not audio")
        known = self.inspect(tmp_path).reset_index(drop=True)
        known.to_parquet(tmp_path / "files.parquet")
        pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "files.parquet"), known)


@pytest.mark.real_data
class TestRealRecordings:
    @pytest.mark.parametrize(
        "corpus", ["gtzan_mini", "donateacry", pytest.param("philharmonia_mini", marks=pytest.mark.long)]
    )
    def test_are_not_taken_for_copies_of_each_other(self, real_data: Path, corpus: str) -> None:
        root = real_data / corpus
        files = pd.concat(inspect_files(root, find_audio(root), None, AudioLimits(), fingerprints=True))
        assert find_near_duplicates(files, PARAMS).empty
