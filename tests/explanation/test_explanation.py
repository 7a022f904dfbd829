"""Explanations: heat maps that depend on the weights, the sound of them, and the page."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from auricle.audio.frontend import FrontEndParams, LogMelFrontEnd
from auricle.explanation.choice import Choice, choose
from auricle.explanation.explain import Explanation
from auricle.explanation.gradcam import explain_window
from auricle.explanation.listening import filtered
from auricle.explanation.page import render_explanations
from auricle.explanation.params import ExplainParams
from auricle.explanation.pictures import spectrogram_picture
from auricle.models.params import ModelParams
from auricle.models.registry import build_model

BANDS, FRAMES = 32, 48
CPU = torch.device("cpu")
SMALL: dict[str, dict[str, Any]] = {
    "cnn": {"channels": (8, 16), "hidden_size": 16, "embedding_size": 8, "dropout": 0.0},
    "hybrid": {"channels": (8, 16), "lstm_size": 8, "embedding_size": 8, "dropout": 0.0},
    "resnet": {
        "base_channels": 8,
        "blocks": (1, 1),
        "attention_reduction": 4,
        "embedding_size": 8,
        "dropout": 0.0,
    },
    "cnn_lstm": {
        "base_channels": 8,
        "blocks": (1, 1),
        "attention_reduction": 4,
        "embedding_size": 8,
        "segment_frames": 16,
        "segment_hop": 8,
        "lstm_size": 8,
        "dropout": 0.0,
    },
}
FRONT_END = FrontEndParams(sample_rate=8_000, n_fft=512, hop_length=128, n_mels=BANDS)
HEARS = LogMelFrontEnd(FRONT_END)


def sounds(count: int, seed: int) -> tuple[np.ndarray, torch.Tensor]:
    """Noise; class 1 has a loud block in the upper bands of the second half, class 0 in the lower bands."""
    random = np.random.default_rng(seed)
    values = random.normal(-60, 5, size=(count, BANDS, FRAMES)).astype(np.float32)
    labels = np.arange(count) % 2
    values[labels == 1, 22:28, 26:44] += 45
    values[labels == 0, 4:10, 26:44] += 45
    return values, torch.from_numpy(labels)


def network(kind: str, seed: int = 0) -> Any:
    torch.manual_seed(seed)
    params = ModelParams.model_validate({"kind": kind} | SMALL[kind]).root
    return build_model(
        params.config(n_bands=BANDS, vocabulary=("low", "high"), window_frames=FRAMES, hop_frames=FRAMES)
    )


def learned(kind: str) -> Any:
    """A network that has learned to tell the two apart."""
    model = network(kind).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for step in range(60):
        values, labels = sounds(16, step)
        optimizer.zero_grad()
        model(torch.from_numpy(values), labels=labels).loss.backward()
        optimizer.step()
    return model.eval()


@pytest.fixture(scope="module", params=sorted(SMALL))
def trained(request: pytest.FixtureRequest) -> Any:
    """One of each kind."""
    return learned(request.param)


def heat_of(model: Any, window: np.ndarray, target: int, length: int = FRAMES) -> np.ndarray:
    return explain_window(model, window, length, target, CPU).heat


class TestHeatMaps:
    def test_have_the_shape_of_the_window_and_end_at_one(self, trained: Any) -> None:
        heat = heat_of(trained, sounds(2, 99)[0][1], 1)
        assert heat.shape == (BANDS, FRAMES)
        assert heat.dtype == np.float32
        assert heat.min() >= 0
        assert heat.max() in (0.0, pytest.approx(1.0))

    def test_depend_on_the_weights(self, trained: Any) -> None:
        """The sanity check of Adebayo et al.: a network with random weights gives another map."""
        kind = {
            "SpectrogramCNN": "cnn",
            "HybridCNNRNN": "hybrid",
            "MultiLabelAudioCNN": "resnet",
            "AudioCNNLSTM": "cnn_lstm",
        }
        window = sounds(2, 99)[0][1]
        learned = heat_of(trained, window, 1)
        random = [
            heat_of(network(kind[type(trained).__name__], seed).eval(), window, 1) for seed in (1, 2, 3)
        ]
        assert learned.any()
        assert all(np.abs(learned - other).mean() > 0.02 for other in random)

    def test_depend_on_the_class(self, trained: Any) -> None:
        window = sounds(2, 99)[0][1]
        assert np.abs(heat_of(trained, window, 0) - heat_of(trained, window, 1)).max() > 0.1

    def test_leave_padding_cold(self, trained: Any) -> None:
        window = sounds(2, 99)[0][1]
        assert not heat_of(trained, window, 1, length=20)[:, 20:].any()

    def test_of_a_pattern_lie_on_it(self) -> None:
        """Where one block alone tells the classes apart, the convolutional network looks there."""
        model = learned("cnn")
        heat = np.mean([heat_of(model, window, 1) for window in sounds(16, 200)[0][1::2]], axis=0)
        assert heat[18:32, 22:48].mean() > 2 * heat.mean()

    def test_come_with_attention_where_there_is_one(self, trained: Any) -> None:
        evidence = explain_window(trained, sounds(2, 99)[0][1], FRAMES, 1, CPU)
        if type(trained).__name__ == "HybridCNNRNN":
            assert evidence.time_attention is not None
            assert evidence.time_attention.sum() == pytest.approx(1, abs=1e-5)
            assert evidence.time_attention.shape == (FRAMES // 4,)
            short = explain_window(trained, sounds(2, 99)[0][1], 20, 1, CPU).time_attention
            assert short is not None
            assert short.shape == (5,)
            assert short.sum() == pytest.approx(1, abs=1e-5)
        else:
            assert evidence.time_attention is None


class TestListening:
    rate = FRONT_END.sample_rate

    def tones(self) -> np.ndarray:
        time = np.arange(2 * self.rate) / self.rate
        return (0.3 * np.sin(2 * np.pi * 300 * time) + 0.3 * np.sin(2 * np.pi * 2500 * time)).astype(
            np.float32
        )

    def level(self, sound: np.ndarray, hertz: float) -> float:
        return float(np.abs(np.fft.rfft(sound))[round(hertz * len(sound) / self.rate)])

    def test_of_everything_is_the_sound_itself_but_for_what_no_band_reaches(self) -> None:
        sound = self.tones()
        everything = np.ones((BANDS, 1 + len(sound) // FRONT_END.hop_length), dtype=np.float32)
        np.testing.assert_allclose(filtered(sound, everything, HEARS), sound, atol=5e-3)

    def test_of_nothing_is_silence(self) -> None:
        sound = self.tones()
        nothing = np.zeros((BANDS, 1 + len(sound) // FRONT_END.hop_length), dtype=np.float32)
        assert not filtered(sound, nothing, HEARS).any()

    def test_of_low_bands_keeps_the_low_tone(self) -> None:
        sound = self.tones()
        low = np.zeros((BANDS, 1 + len(sound) // FRONT_END.hop_length), dtype=np.float32)
        low[: BANDS // 2] = 1
        heard = filtered(sound, low, HEARS)
        assert len(heard) == len(sound)
        assert self.level(heard, 300) > 0.9 * self.level(sound, 300)
        assert self.level(heard, 2500) < 0.01 * self.level(sound, 2500)

    def test_takes_a_map_of_fewer_frames(self) -> None:
        assert len(filtered(self.tones(), np.ones((BANDS, 10), dtype=np.float32), HEARS)) == 2 * self.rate


def predictions() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Twelve test recordings of two classes; each third is wrong, and later ones are surer."""
    labels = ["low", "high"] * 6
    ids = [f"{number:016x}" for number in range(12)]
    sure = np.linspace(0.55, 0.95, 12)
    said_high = np.array([(label == "high") != (number % 3 == 0) for number, label in enumerate(labels)])
    high = np.where(said_high, sure, 1 - sure)
    table = pd.DataFrame({"recording_id": ids, "split": "test", "high": high, "low": 1 - high})
    manifest = pd.DataFrame(
        {
            "recording_id": ids,
            "path": [f"{name}.wav" for name in ids],
            "label": labels,
            "group": ids,
            "split": "test",
            "fold": -1,
            "status": "ok",
        }
    )
    return table, manifest


class TestChoice:
    def test_is_the_surest_right_and_wrong_of_each_class(self) -> None:
        chosen = choose(*predictions(), ExplainParams())
        assert [(one.label, one.predicted) for one in chosen] == [
            ("high", "high"),
            ("high", "low"),
            ("low", "low"),
            ("low", "high"),
        ]
        assert [one.recording_id[-1] for one in chosen] == ["b", "9", "a", "6"]

    def test_takes_turns_until_there_are_enough(self) -> None:
        chosen = choose(*predictions(), ExplainParams(right=3, wrong=0, most=4))
        assert [one.label for one in chosen] == ["high", "low", "high", "low"]
        assert all(one.label == one.predicted for one in chosen)


class TestPage:
    def explanation(self, **changes: Any) -> Explanation:
        random = np.random.default_rng(0)
        given: dict[str, Any] = {
            "choice": Choice("0" * 16, "jazz/<b>.wav", "jazz", "rock", 0.75),
            "start_s": 3.0,
            "probability": 0.8,
            "spectrogram": random.normal(-40, 9, size=(BANDS, FRAMES)).astype(np.float32),
            "heat": random.random((BANDS, FRAMES), dtype=np.float32),
            "heat_of_truth": random.random((BANDS, FRAMES), dtype=np.float32),
            "time_attention": np.array([0.25, 0.75], dtype=np.float32),
            "sample_rate": 8_000,
            "sound": random.normal(scale=0.1, size=8_000).astype(np.float32),
            "heard": random.normal(scale=0.05, size=8_000).astype(np.float32),
        }
        return Explanation(**(given | changes))

    def page(self, *items: Explanation, **source: Any) -> str:
        return render_explanations(items, model="hybrid", source=source)

    def test_shows_pictures_attention_and_both_sounds(self) -> None:
        page = self.page(self.explanation())
        assert page.count("<img ") == 3
        assert page.count("<audio ") == 2
        assert page.count("<i style=") == 2
        assert "jazz, taken for rock" in page
        assert "75 % in all, 80 % here" in page.replace("\xa0", " ")
        assert "jazz/&lt;b&gt;.wav, from 3.0 s" in page
        assert "http" not in page.replace("http-equiv", "")

    def test_says_where_nothing_spoke_for_the_answer(self) -> None:
        nothing = np.zeros((BANDS, FRAMES), dtype=np.float32)
        page = self.page(self.explanation(heat=nothing, heat_of_truth=None, time_attention=None))
        assert "Nothing in the last maps spoke for rock" in page
        assert page.count("<img ") == page.count("<audio ") == 1

    def test_says_where_nothing_can_be_played(self) -> None:
        silence = np.empty(0, dtype=np.float32)
        page = self.page(self.explanation(sound=silence, heard=silence))
        assert "cannot be played" in page
        assert "<audio " not in page

    def test_says_that_a_corpus_is_synthesized(self) -> None:
        assert "synthesized" in self.page(self.explanation(), synthesized=True)
        assert "synthesized" not in self.page(self.explanation())

    def test_says_which_fold_it_is_about(self) -> None:
        page = render_explanations([self.explanation()], model="cnn", source={}, is_folded=True)
        assert "all folds but the first" in page

    def test_of_nothing_is_a_page_too(self) -> None:
        assert "no judged recording" in self.page()

    def test_pictures_are_upright(self, tmp_path: Path) -> None:
        spectrogram = np.full((BANDS, FRAMES), -80, dtype=np.float32)
        spectrogram[0] = 0
        (tmp_path / "a.png").write_bytes(spectrogram_picture(spectrogram))
        pixels = np.asarray(Image.open(tmp_path / "a.png").convert("L"))
        assert pixels[-1].mean() > 200 > 50 > pixels[0].mean()
