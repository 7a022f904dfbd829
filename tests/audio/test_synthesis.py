"""The demo corpus: what it promises of its files, its labels and its folder."""

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from pydantic import ValidationError

from auricle.audio.decode import check_readable
from auricle.audio.limits import AudioLimits
from auricle.audio.synthesis import GENRES, DemoParams
from auricle.audio.synthesis.artists import BORROWED, make_artist
from auricle.audio.synthesis.broken import DEFECTS
from auricle.audio.synthesis.clips import Clip, Performance, perform
from auricle.audio.synthesis.encoding import Encoding, draw_encoding, encode, with_serial_number
from auricle.audio.synthesis.genres import STYLES
from auricle.audio.synthesis.instruments import Note, midi_to_hz, render_note, render_part
from auricle.audio.synthesis.metadata import metadata
from auricle.audio.synthesis.mixing import PEAK_DBFS
from auricle.audio.synthesis.plan import plan_files
from auricle.audio.synthesis.receipt import RECEIPT_NAME
from auricle.audio.synthesis.render import DemoReceipt, render_demo
from auricle.audio.synthesis.score import FAST_BPM, SLOW_BPM
from auricle.audio.synthesis.style import TRAITS
from auricle.audio.synthesis.theory import SCALES
from auricle.audio.synthesis.voices import VOICES
from auricle.errors import AudioError, ConfigurationError

TINY = DemoParams(genres=("jazz", "metal"), clips_per_genre=3, artists_per_genre=2, duration_s=2.0)


def performances(*, seed: int = 1, artists: int = 12, duration_s: float = 10.0) -> list[Performance]:
    return [
        perform(Clip(seed, genre, artist, take, duration_s))
        for genre in GENRES
        for artist in range(artists)
        for take in range(2)
    ]


def hashes(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }


def read_metadata(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "metadata.csv", keep_default_na=False)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DemoReceipt]:
    folder = tmp_path_factory.mktemp("demo") / "demo_genre"
    return folder, render_demo(folder, TINY, workers=2)


@pytest.fixture(scope="module", params=GENRES)
def stereo(request: pytest.FixtureRequest) -> np.ndarray:
    return perform(Clip(4, request.param, 1, 0, 4.0)).render()


@pytest.fixture(scope="module")
def clips() -> list[Performance]:
    return performances()


class TestParams:
    def test_defaults_are_the_corpus_of_the_issue(self) -> None:
        plan = plan_files(DemoParams())
        whole = [file for file in plan if file.defect is None]
        assert Counter(file.clip.genre for file in whole) == dict.fromkeys(GENRES, 24)
        assert {file.clip.duration_s for file in plan} == {10.0}
        artists = {(file.clip.genre, file.clip.artist_number) for file in whole}
        assert Counter(genre for genre, _ in artists) == dict.fromkeys(GENRES, 12)

    def test_refuses_artists_without_a_clip(self) -> None:
        with pytest.raises(ValidationError, match="some artists would have no clip; lower the one or raise"):
            DemoParams(clips_per_genre=4, artists_per_genre=5)

    @pytest.mark.parametrize(
        ("genres", "message"),
        [
            ((), "genres is empty"),
            (("jazz", "jazz"), "names one twice"),
            (("polka",), "'blues', 'classical'"),
        ],
    )
    def test_refuses_genres_that_cannot_be(self, genres: tuple[str, ...], message: str) -> None:
        with pytest.raises(ValidationError, match=message):
            DemoParams(genres=genres)

    def test_choosing_them_costs_no_heavy_import(self) -> None:
        code = "import sys, auricle.audio.synthesis as s; s.DemoParams(); print(*sys.modules)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert not {"torch", "transformers", "scipy", "soundfile", "kedro"} & set(done.stdout.split())

    def test_rendering_needs_no_torch(self) -> None:
        code = "import sys, auricle.audio.synthesis.render; print(*sys.modules)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert not {"torch", "transformers", "sklearn", "kedro"} & set(done.stdout.split())


class TestDeterminism:
    def test_two_renderings_are_equal_in_every_byte(
        self, rendered: tuple[Path, DemoReceipt], tmp_path: Path
    ) -> None:
        folder, _ = rendered
        render_demo(tmp_path, TINY, workers=1)
        assert hashes(tmp_path) == hashes(folder)

    def test_another_seed_shares_no_file(self) -> None:
        names = {file.name for file in plan_files(TINY)}
        assert names.isdisjoint(file.name for file in plan_files(TINY.model_copy(update={"seed": 99})))

    @pytest.mark.parametrize(
        "larger",
        [
            {"clips_per_genre": 7},
            {"genres": GENRES},
            {"genres": ("metal", "folk", "jazz")},
            {"artists_per_genre": 3},
        ],
    )
    def test_a_larger_corpus_keeps_the_clips_of_the_smaller(self, larger: dict[str, object]) -> None:
        grown = {file.clip: file for file in plan_files(DemoParams(**(TINY.model_dump() | larger)))}
        kept = [file for file in plan_files(TINY) if file.defect is None and file.clip in grown]
        assert len(kept) >= 4
        assert all(grown[file.clip].name == file.name for file in kept)
        assert grown[kept[0].clip].contents() == kept[0].contents()

    def test_growing_the_number_of_clips_keeps_all_of_them(self) -> None:
        grown = plan_files(TINY.model_copy(update={"clips_per_genre": 50}))
        assert {file.name for file in plan_files(TINY)} <= {file.name for file in grown}

    def test_an_ogg_file_has_no_trace_of_the_clock(self) -> None:
        stereo = (0.1 * np.random.default_rng(0).standard_normal((44100, 2))).astype(np.float32)
        ogg = Encoding("OGG", "VORBIS", 44100, 2)
        assert encode(stereo, ogg) == encode(stereo, ogg)

    def test_a_new_serial_number_leaves_the_sound_as_it_was(self) -> None:
        sound = 0.1 * np.random.default_rng(0).standard_normal((44100, 1))
        buffer = io.BytesIO()
        sf.write(buffer, sound, 44100, format="OGG", subtype="VORBIS")
        before, _ = sf.read(io.BytesIO(buffer.getvalue()))
        changed = with_serial_number(buffer.getvalue(), 77)
        after, _ = sf.read(io.BytesIO(changed))
        assert changed[14:18] == (77).to_bytes(4, "little")
        # A page whose checksum is wrong is dropped by the decoder, so equal sound means right checksums.
        np.testing.assert_array_equal(after, before)

    def test_something_else_than_ogg_is_refused(self) -> None:
        with pytest.raises(ValueError, match="byte 0 of an Ogg stream"):
            with_serial_number(b"RIFF" + bytes(60), 1)


class TestFormatsTellNothing:
    def test_every_genre_has_the_same_encodings(self) -> None:
        plan = [file for file in plan_files(DemoParams()) if file.defect is None]
        by_genre = {g: Counter(file.encoding for file in plan if file.clip.genre == g) for g in GENRES}
        assert all(by_genre[genre] == by_genre["blues"] for genre in GENRES)

    def test_all_containers_rates_and_channels_occur(self) -> None:
        found = [draw_encoding(3, artist, take) for artist in range(12) for take in range(2)]
        assert Counter(encoding.container for encoding in found) == {"WAV": 8, "FLAC": 8, "OGG": 4, "MP3": 4}
        assert {encoding.subtype for encoding in found} >= {"PCM_16", "PCM_24"}
        assert {encoding.sample_rate for encoding in found} == {22050, 32000, 44100, 48000}
        assert {encoding.channels for encoding in found} == {1, 2}

    def test_a_name_tells_neither_genre_nor_defect(self) -> None:
        for file in plan_files(DemoParams()):
            stem, _, suffix = file.name.partition(".")
            assert len(stem) == 12
            assert set(stem) <= set("0123456789abcdef")
            assert suffix in {"wav", "flac", "ogg", "mp3"}

    def test_loudness_peaks_do_not_depend_on_the_genre(self) -> None:
        peaks = [np.abs(perform(Clip(5, genre, 0, 0, 2.0)).render()).max() for genre in GENRES]
        decibels = 20 * np.log10(peaks)
        assert decibels.min() >= PEAK_DBFS[0] - 0.01
        assert decibels.max() <= PEAK_DBFS[1] + 0.01

    @pytest.mark.parametrize("rate", [22050, 44100, 48000])
    @pytest.mark.parametrize(
        "container", [("WAV", "PCM_16"), ("FLAC", "PCM_24"), ("OGG", "VORBIS"), ("MP3", "MPEG_LAYER_III")]
    )
    def test_no_encoding_clips(self, container: tuple[str, str], rate: int) -> None:
        stereo = perform(Clip(5, "metal", 0, 0, 2.0)).render()
        loudest = stereo * (10 ** (PEAK_DBFS[1] / 20) / np.abs(stereo).max())
        for channels in (1, 2):
            samples, found = sf.read(io.BytesIO(encode(loudest, Encoding(*container, rate, channels))))
            assert found == rate
            assert 0.6 < np.abs(samples).max() < 1.0


class TestSound:
    def test_is_stereo_float32_of_the_asked_duration(self, stereo: np.ndarray) -> None:
        assert stereo.shape == (4 * 44100, 2)
        assert stereo.dtype == np.float32

    def test_has_no_offset_and_never_clips(self, stereo: np.ndarray) -> None:
        assert np.abs(stereo.mean(axis=0)).max() < 1e-3
        assert np.abs(stereo).max() < 0.9

    def test_is_music_not_noise(self, stereo: np.ndarray) -> None:
        """Most of the power of a tonal sound is in few bins; of white noise, a tenth lies in a tenth."""
        frames = stereo.mean(axis=1)[: 4 * 44100 // 4096 * 4096].reshape(-1, 4096)
        power = np.sort(np.abs(np.fft.rfft(frames * np.hanning(4096), axis=1)) ** 2, axis=1)
        strongest = power[:, -power.shape[1] // 10 :].sum() / power.sum()
        assert strongest > 0.8

    def test_sounds_all_along(self, stereo: np.ndarray) -> None:
        seconds = stereo.mean(axis=1).reshape(4, 44100)
        assert np.sqrt(np.mean(seconds**2, axis=1)).min() > 0.003

    @pytest.mark.parametrize("name", sorted(name for name in VOICES if name != "growler"))
    def test_a_note_has_its_pitch(self, name: str) -> None:
        note = render_note(VOICES[name], 57.0, 0.8, np.random.default_rng(0))
        spectrum = np.abs(np.fft.rfft(note[: int(0.8 * 44100)]))
        hz = np.fft.rfftfreq(int(0.8 * 44100), 1 / 44100)
        comb = {midi: sum(spectrum[np.abs(hz - k * midi_to_hz(midi)) < 4].max() / k for k in range(1, 7))
                for midi in range(52, 64)}  # fmt: skip
        assert max(comb, key=lambda midi: comb[midi]) == 57

    def test_overdrive_bounds_a_part(self) -> None:
        notes = [Note(0.0, 0.5, midi, 1.0) for midi in (40, 47, 52)]
        part = render_part(VOICES["heavy_guitar"], notes, 22050, np.random.default_rng(0))
        assert 0.1 < np.abs(part).max() < 3.0


class TestArtists:
    def test_borrows_as_many_traits_as_dealt(self) -> None:
        for genre in GENRES:
            counts = [len(make_artist(8, genre, number).influences) for number in range(12)]
            assert sorted(counts) == sorted(BORROWED * 2)

    def test_borrows_from_neighbours_and_keeps_the_rest(self) -> None:
        for genre in GENRES:
            for number in range(12):
                artist = make_artist(8, genre, number)
                assert set(artist.influences.values()) <= set(STYLES[genre].neighbours) - {genre}
                for trait in TRAITS:
                    source = artist.influences.get(trait, genre)
                    assert getattr(artist.style, trait) is getattr(STYLES[source], trait)

    def test_two_artists_of_a_genre_sound_different(self) -> None:
        one, other = (make_artist(8, "jazz", number) for number in (0, 1))
        assert one.lead != other.lead
        assert one.mix != other.mix

    def test_an_artist_keeps_its_sounds_from_clip_to_clip(self) -> None:
        first, second = (perform(Clip(8, "jazz", 0, take, 4.0)) for take in (0, 1))
        assert first.artist == second.artist
        assert first.score.lead != second.score.lead

    def test_names_are_unique_groups(self) -> None:
        names = {make_artist(8, genre, number).name for genre in GENRES for number in range(12)}
        assert len(names) == 96


class TestTags:
    def test_tempo_tags_state_the_tempo(self, clips: list[Performance]) -> None:
        for clip in clips:
            assert ("fast" in clip.tags) == (clip.score.grid.tempo_bpm >= FAST_BPM)
            assert ("slow" in clip.tags) == (clip.score.grid.tempo_bpm <= SLOW_BPM)

    def test_drumless_clips_have_no_stroke(self, clips: list[Performance]) -> None:
        for clip in clips:
            assert ("drumless" in clip.tags) == (len(clip.score.drums) == 0)

    def test_instrumental_clips_have_no_voice(self, clips: list[Performance]) -> None:
        for clip in clips:
            sings = bool(clip.score.lead) and "vocal" in clip.artist.lead.traits
            assert ("vocal" in clip.tags) == sings
            assert ("instrumental" in clip.tags) == (not sings)

    def test_distorted_clips_are_overdriven(self, clips: list[Performance]) -> None:
        for clip in clips:
            if "distorted" in clip.tags:
                parts = [(clip.artist.chords, clip.score.chords), (clip.artist.lead, clip.score.lead)]
                assert any(voice.drive > 1 and notes for voice, notes in parts)
                assert "acoustic" not in clip.tags

    def test_minor_clips_have_the_minor_third_of_their_key(self, clips: list[Performance]) -> None:
        for clip in clips:
            third = (clip.score.tonic + 3) % 12
            notes = (*clip.score.bass, *clip.score.chords, *clip.score.lead)
            if "minor" in clip.tags:
                assert third in {int(note.midi) % 12 for note in notes}
                assert clip.score.key.endswith("minor")

    def test_swung_clips_place_their_off_beats_late(self, clips: list[Performance]) -> None:
        for clip in (clip for clip in clips if "swing" in clip.tags):
            grid = clip.score.grid
            beat_s = 60 / grid.tempo_bpm / (2 if grid.swung_sixteenths else 1)
            onsets = [
                e.onset_s for e in (*clip.score.drums, *clip.score.bass, *clip.score.chords, *clip.score.lead)
            ]
            late = [o for o in onsets if 0.56 <= o / beat_s % 1 <= 0.72]
            assert len(late) >= 4

    def test_triple_clips_have_three_beats(self, clips: list[Performance]) -> None:
        assert all(("triple" in clip.tags) == (clip.score.grid.metre == 3) for clip in clips)

    def test_every_tag_occurs_and_none_is_always_true(self, clips: list[Performance]) -> None:
        count = Counter(tag for clip in clips for tag in clip.tags)
        assert set(count) == {
            "acoustic", "distorted", "drumless", "fast", "instrumental",
            "minor", "slow", "swing", "triple", "vocal",
        }  # fmt: skip
        assert min(count.values()) >= 5
        assert max(count.values()) < 0.9 * len(clips)


class TestScore:
    def test_fills_the_clip_with_notes_inside_it(self) -> None:
        for clip in performances(artists=3):
            score = clip.score
            assert score.grid.bars * score.grid.steps * score.grid.step_s >= 10.0
            assert max(note.onset_s for note in score.chords) > 6.0
            assert min(note.onset_s for note in (*score.chords, *score.bass, *score.lead)) >= 0.0

    def test_the_shortest_clip_has_chords_and_nothing_behind_its_end(self) -> None:
        for clip in performances(duration_s=2.0):
            score = clip.score
            assert score.chords
            events = [*score.drums, *score.bass, *score.chords, *score.lead]
            assert max(event.onset_s for event in events) < 2.0

    def test_time_goes_forward_in_every_groove(self) -> None:
        for clip in performances(artists=3):
            grid = clip.score.grid
            times = [grid.time(bar, step) for bar in range(2) for step in range(grid.steps)]
            assert all(later > earlier for earlier, later in pairwise(times))
            assert times[grid.steps] == pytest.approx(grid.metre * 60 / grid.tempo_bpm)

    def test_patterns_and_progressions_can_be_read(self) -> None:
        """A slip in the data of a genre that a seed never meets would otherwise go unseen."""
        for style in STYLES.values():
            drums = [line for pattern in style.drums.patterns for line in pattern.values()]
            assert all(len(line) == 16 for line in (*drums, *style.bass.patterns, *style.chords.patterns))
            assert all(set(line) <= set("Xxo.") for line in drums)
            assert all(set(line) <= set("r3568w-.") for line in style.bass.patterns)
            assert all(set(line) <= set("Xxabcd-.") for line in style.chords.patterns)
            assert {style.harmony.major_scale, style.harmony.minor_scale} <= set(SCALES)
            assert {*style.bass.voices, *style.chords.voices, *style.lead.voices} <= set(VOICES)
            assert set(style.neighbours) <= set(GENRES)


class TestMetadata:
    def test_lists_every_file_in_the_folder(self, rendered: tuple[Path, DemoReceipt]) -> None:
        folder, receipt = rendered
        on_disk = {f"audio/{path.name}" for path in (folder / "audio").iterdir()}
        assert set(read_metadata(folder)["file_name"]) == on_disk
        assert receipt.files == len(on_disk) == 6 + len(DEFECTS)

    def test_labels_begin_with_the_genre(self, rendered: tuple[Path, DemoReceipt]) -> None:
        table = read_metadata(rendered[0])
        labels = table["labels"].map(json.loads)
        assert (labels.str[0] == table["label"]).all()
        assert all(
            genre == artist.split("-")[0]
            for genre, artist in zip(table["label"], table["artist"], strict=True)
        )

    def test_shuffled_labels_are_the_same_labels_elsewhere(self) -> None:
        params = DemoParams()
        plain = metadata(plan_files(params), params)
        shuffled_params = params.model_copy(update={"shuffle_labels": True})
        shuffled = metadata(plan_files(shuffled_params), shuffled_params)
        assert list(shuffled["file_name"]) == list(plain["file_name"])
        assert Counter(shuffled["label"]) == Counter(plain["label"])
        assert (shuffled["label"] == plain["label"]).mean() < 0.25
        assert (shuffled["labels"].map(json.loads).str[0] == shuffled["label"]).all()

    def test_says_that_it_is_synthesized(self, rendered: tuple[Path, DemoReceipt]) -> None:
        text = (rendered[0] / "README.txt").read_text()
        assert "rendered by Auricle" in text
        assert "say nothing about real music" in text


class TestBrokenFiles:
    def test_ingestion_refuses_each_and_only_these(self, rendered: tuple[Path, DemoReceipt]) -> None:
        folder, receipt = rendered
        refused = set()
        for name in read_metadata(folder)["file_name"]:
            try:
                check_readable(folder / name, AudioLimits())
            except AudioError:
                refused.add(name)
        assert refused == set(receipt.broken)
        assert sorted(receipt.broken.values()) == sorted(DEFECTS)

    @pytest.mark.parametrize(
        ("defect", "reason"),
        [
            ("empty", "empty"),
            ("forged_length", "long"),
            ("not_audio", "not audio"),
            ("silent", "silent"),
            ("too_short", "short"),
            ("truncated_flac", "truncated"),
            ("truncated_mp3", "truncated"),
            ("truncated_ogg", "truncated"),
            ("truncated_wav", "truncated"),
        ],
    )
    def test_the_reason_is_the_defect(
        self, rendered: tuple[Path, DemoReceipt], defect: str, reason: str
    ) -> None:
        folder, receipt = rendered
        name = next(name for name, found in receipt.broken.items() if found == defect)
        with pytest.raises(AudioError, match=reason):
            check_readable(folder / name, AudioLimits())

    def test_can_be_left_out(self) -> None:
        assert all(
            file.defect is None for file in plan_files(TINY.model_copy(update={"broken_files": False}))
        )


class TestFolder:
    def test_a_second_call_renders_nothing(self, rendered: tuple[Path, DemoReceipt]) -> None:
        folder, first = rendered
        before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
        again = render_demo(folder, TINY, workers=1)
        assert (first.rendered, again.rendered) == (first.files, 0)
        assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before

    def test_other_parameters_render_what_differs_and_remove_what_is_stale(self, tmp_path: Path) -> None:
        render_demo(tmp_path, TINY, workers=1)
        jazz = TINY.model_copy(update={"genres": ("jazz",), "clips_per_genre": 4, "broken_files": False})
        receipt = render_demo(tmp_path, jazz, workers=1)
        assert (receipt.files, receipt.rendered) == (4, 1)
        assert receipt.removed == 3 + len(DEFECTS)
        assert set(read_metadata(tmp_path)["file_name"]) == {
            f"audio/{p.name}" for p in (tmp_path / "audio").iterdir()
        }

    def test_shuffling_labels_renders_no_sound_again(self, rendered: tuple[Path, DemoReceipt]) -> None:
        folder, _ = rendered
        before = read_metadata(folder)
        assert render_demo(folder, TINY.model_copy(update={"shuffle_labels": True})).rendered == 0
        assert not read_metadata(folder).equals(before)
        render_demo(folder, TINY, workers=1)
        assert read_metadata(folder).equals(before)

    def test_a_missing_file_is_rendered_again(self, rendered: tuple[Path, DemoReceipt]) -> None:
        folder, _ = rendered
        before = hashes(folder)
        next(iter((folder / "audio").glob("*.flac"))).unlink()
        assert render_demo(folder, TINY, workers=1).rendered == 1
        assert hashes(folder) == before

    def test_a_users_folder_is_never_written_to(self, tmp_path: Path) -> None:
        (tmp_path / "my song.wav").write_bytes(b"mine")
        with pytest.raises(ConfigurationError, match=r"holds my song\.wav and was not rendered by Auricle"):
            render_demo(tmp_path, TINY, workers=1)
        assert [path.name for path in tmp_path.rglob("*")] == ["my song.wav"]

    def test_a_users_file_in_the_demo_folder_is_left_alone(self, tmp_path: Path) -> None:
        small = TINY.model_copy(update={"broken_files": False, "clips_per_genre": 2})
        render_demo(tmp_path, small, workers=1)
        (tmp_path / "audio" / "mine.wav").write_bytes(b"mine")
        render_demo(tmp_path, small.model_copy(update={"genres": ("folk",)}), workers=1)
        assert (tmp_path / "audio" / "mine.wav").read_bytes() == b"mine"

    def test_a_file_in_the_folders_place_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "demo").write_text("x")
        with pytest.raises(ConfigurationError, match="is a file: the demo corpus needs a folder"):
            render_demo(tmp_path / "demo", TINY)

    @pytest.mark.parametrize(
        ("receipt", "message"),
        [
            ("{", "is damaged"),
            ('{"auricle_demo": 1}', "is damaged"),
            ('{"auricle_demo": 9, "params": {}, "files": [], "complete": true}', "is of format 9"),
            (
                '{"auricle_demo": 1, "params": {}, "files": ["../../x.wav"], "complete": true}',
                r"names '\.\./\.\./x",
            ),
        ],
    )
    def test_a_damaged_receipt_is_refused_with_the_remedy(
        self, tmp_path: Path, receipt: str, message: str
    ) -> None:
        (tmp_path / RECEIPT_NAME).write_text(receipt)
        with pytest.raises(ConfigurationError, match=f"{message}.*remove the folder"):
            render_demo(tmp_path, TINY, workers=1)


class TestKill:
    def test_goes_on_where_a_killed_rendering_stopped(
        self, rendered: tuple[Path, DemoReceipt], tmp_path: Path
    ) -> None:
        folder, receipt = rendered
        code = (
            "import sys; from pathlib import Path\n"
            "from auricle.audio.synthesis import DemoParams\n"
            "from auricle.audio.synthesis.render import render_demo\n"
            "render_demo(Path(sys.argv[1]), DemoParams.model_validate_json(sys.argv[2]), workers=1)"
        )
        target = tmp_path / "demo"
        process = subprocess.Popen([sys.executable, "-c", code, str(target), TINY.model_dump_json()])
        while process.poll() is None and len(list(target.glob("audio/[0-9a-f]*"))) < 3:
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert not (target / "metadata.csv").exists()
        left = render_demo(target, TINY, workers=1)
        assert 0 < left.rendered < receipt.files
        assert hashes(target) == hashes(folder)
