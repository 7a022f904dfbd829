"""The worst mistakes are real mistakes, and can be heard and seen."""

import base64
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
from PIL import Image
from scored_samples import Study

from auricle.audio.limits import AudioLimits
from auricle.evaluation.excerpts import SAMPLE_RATE, loudest_start, render_excerpt
from auricle.evaluation.mistakes import Mistake, with_excerpts, worst_mistakes
from auricle.evaluation.params import MistakeParams

MakeStudy = Callable[..., Study]
LIMITS = AudioLimits()


def write_tone(path: Path, seconds: float, *, loud_from: float = 0.0, rate: int = 44_100) -> None:
    """A stereo tone of 440 Hz, ten times louder from one point on."""
    time = np.arange(round(seconds * rate)) / rate
    tone = 0.05 * np.sin(2 * np.pi * 440 * time)
    tone[time >= loud_from] *= 10
    path.parent.mkdir(parents=True, exist_ok=True)
    sf.write(path, np.stack([tone, tone], axis=1), rate)


def decoded(uri: str) -> tuple[np.ndarray, int]:
    samples, rate = sf.read(io.BytesIO(base64.b64decode(uri.split(",")[1])))
    return samples, rate


class TestChoice:
    def test_every_recording_was_judged_and_wrong_for_some_model(self, study: MakeStudy) -> None:
        made = study()
        mistakes = worst_mistakes({"random_forest": made.weak, "cnn": made.strong}, made.manifest, 12)
        test = set(made.manifest.loc[made.manifest["split"] == "test", "recording_id"])
        assert len(mistakes) == 12
        for mistake in mistakes:
            assert mistake.recording_id in test
            assert [opinion.model for opinion in mistake.opinions] == ["random_forest", "cnn"]
            assert any(opinion.predicted != mistake.label for opinion in mistake.opinions)

    def test_the_surest_of_each_model_come_first(self, study: MakeStudy) -> None:
        made = study()
        mistakes = worst_mistakes({"cnn": made.strong}, made.manifest, 1000)
        margins = [mistake.opinions[0].margin for mistake in mistakes]
        assert margins == sorted(margins, reverse=True)
        test = made.strong[made.strong["split"] == "test"].set_index("recording_id").drop(columns="split")
        labels = made.manifest.set_index("recording_id")["label"].loc[test.index]
        assert len(mistakes) == int((test.idxmax(axis=1) != labels).sum())

    def test_models_that_are_not_trained_are_left_out(self, study: MakeStudy) -> None:
        made = study()
        assert worst_mistakes({"cnn": None}, made.manifest, 5) == []
        found = worst_mistakes({"cnn": None, "random_forest": made.weak}, made.manifest, 5)
        assert {len(mistake.opinions) for mistake in found} == {1}


class TestExcerpt:
    def test_is_the_loudest_part_as_mono_mp3(self, tmp_path: Path) -> None:
        write_tone(tmp_path / "a.wav", 12.0, loud_from=7.0)
        excerpt = render_excerpt(tmp_path / "a.wav", limits=LIMITS, seconds=4.0, n_mels=64)
        assert 6.9 <= excerpt.start_s <= 8.0
        assert excerpt.duration_s == pytest.approx(4.0)
        samples, rate = sf.read(io.BytesIO(excerpt.mp3))
        assert (rate, samples.ndim) == (SAMPLE_RATE, 1)
        assert len(samples) / rate == pytest.approx(4.0, abs=0.1)

    def test_of_a_short_recording_is_all_of_it(self, tmp_path: Path) -> None:
        write_tone(tmp_path / "a.wav", 0.3)
        excerpt = render_excerpt(tmp_path / "a.wav", limits=LIMITS, seconds=6.0, n_mels=64)
        assert (excerpt.start_s, round(excerpt.duration_s, 2)) == (0.0, 0.3)

    def test_shades_show_the_tone_at_its_frequency(self, tmp_path: Path) -> None:
        write_tone(tmp_path / "a.wav", 3.0)
        shades = render_excerpt(tmp_path / "a.wav", limits=LIMITS, seconds=3.0, n_mels=64).shades
        assert shades.shape[0] == 64
        assert shades.dtype == np.uint8
        assert int(shades.mean(axis=1).argmax()) == pytest.approx(9, abs=2)  # 440 Hz among 64 mel bands

    def test_loudest_start_of_silence_is_the_beginning(self) -> None:
        assert loudest_start(np.zeros(SAMPLE_RATE * 3, dtype=np.float32), SAMPLE_RATE) == 0


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> list[Mistake]:
    folder = tmp_path_factory.mktemp("recordings")
    write_tone(folder / "x" / "good.wav", 3.0)
    (folder / "x" / "broken.wav").write_bytes(b"RIFF nothing")
    paths = ("x/good.wav", "x/broken.wav", "x/gone.wav")
    mistakes = [Mistake(recording_id=path, path=path, label="pop", opinions=()) for path in paths]
    return with_excerpts(mistakes, folder, LIMITS, MistakeParams(excerpt_seconds=2.0))


class TestWithExcerpts:
    def test_sound_and_picture_are_part_of_the_page(self, finished: list[Mistake]) -> None:
        good = finished[0]
        assert good.audio is not None
        assert good.spectrogram is not None
        assert good.audio.startswith("data:audio/mpeg;base64,")
        assert len(decoded(good.audio)[0]) / SAMPLE_RATE == pytest.approx(2.0, abs=0.1)
        image = Image.open(io.BytesIO(base64.b64decode(good.spectrogram.split(",")[1])))
        assert image.format == "PNG"
        assert image.height == 128
        assert good.note is None

    def test_what_cannot_be_read_stays_in_the_list_with_the_reason(self, finished: list[Mistake]) -> None:
        for mistake in finished[1:]:
            assert mistake.audio is None
            assert mistake.note is not None
            assert mistake.note.startswith("cannot be played: ")

    def test_the_page_stays_small(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def in_process(function: Any, items: Any, **_: Any) -> Any:
            return ((item, function(item)) for item in items)

        monkeypatch.setattr("auricle.evaluation.mistakes.map_isolated", in_process)
        write_tone(tmp_path / "a.wav", 3.0)
        mistake = Mistake(recording_id="a", path="a.wav", label="pop", opinions=())
        params = MistakeParams(max_megabytes=0.001)
        assert with_excerpts([mistake], tmp_path, LIMITS, params) == [
            replace(mistake, note="left out to keep the page small")
        ]

    def test_nothing_to_show_starts_no_process(self, tmp_path: Path) -> None:
        assert with_excerpts([], tmp_path, LIMITS, MistakeParams()) == []
