"""The page of augmentations: each change is the one that training makes, of training recordings only."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch

from auricle.audio.frontend import FrontEndParams, LogMelFrontEnd
from auricle.audio.limits import AudioLimits
from auricle.audio.waveform_augment import VariantParams
from auricle.errors import CorpusError
from auricle.explanation.augmentations import PEAK, Altered, altered, sound_of
from auricle.explanation.augmentations_page import render_augmentations
from auricle.explanation.params import AugmentationsParams
from auricle.training.augment import Augment
from auricle.training.params import AugmentParams

RATE = 8000
CROP = 0.4
FRONT_END = LogMelFrontEnd(FrontEndParams(sample_rate=RATE, n_fft=512, hop_length=128, n_mels=32))


def tone(frequency: float, seconds: float = 1.0) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    return (0.2 * np.sin(2 * np.pi * frequency * time)).astype(np.float32)


def changes(augment: AugmentParams, variants: VariantParams) -> list[Altered]:
    return list(altered(tone(440), tone(1200), FRONT_END, augment, variants, CROP, seed=3))


class TestChanges:
    def test_are_the_ends_of_each_range_and_one_draw_of_each_way(self) -> None:
        found = [change.title for change in changes(AugmentParams(), VariantParams())]
        assert found == [
            "As it is",
            "Random crop",
            *["Another pitch"] * 2,
            *["Another tempo"] * 2,
            *["Noise"] * 2,
            "Heard from its spectrogram",
            "Gain",
            "SpecAugment",
            "Mixup",
        ]

    def test_that_are_switched_off_are_not_shown(self) -> None:
        augment = AugmentParams(gain_db=0, time_masks=0, frequency_masks=0, mixup_alpha=0)
        variants = VariantParams(pitch_semitones=0, noise_snr_db=None)
        assert {change.title for change in changes(augment, variants)} == {
            "As it is",
            "Random crop",
            "Another tempo",
            "Heard from its spectrogram",
        }

    def test_of_spectrograms_are_those_that_training_draws(self) -> None:
        augment = AugmentParams(gain_db=0, mixup_alpha=0)
        found = {change.title: change for change in changes(augment, VariantParams())}
        plain = found["As it is"].spectrogram
        other = FRONT_END(tone(1200) * np.float32(PEAK / 0.2))
        batch = {
            "input_values": torch.from_numpy(np.stack([plain, other])),
            "labels": torch.tensor([0, 1]),
            "lengths": torch.full((2,), plain.shape[1]),
        }
        drawn = Augment(augment, n_classes=2, seed=3)(batch, [(0, 0), (0, 1)])["input_values"][0]
        np.testing.assert_array_equal(found["SpecAugment"].spectrogram, drawn.numpy())
        assert not np.array_equal(plain, drawn.numpy())

    def test_of_waveforms_change_pitch_and_tempo(self) -> None:
        found = changes(AugmentParams(), VariantParams())
        del found[1]
        pitches = [_loudest(change.sound) for change in found[:3]]
        assert pitches == pytest.approx([440, 440 / 2 ** (1 / 6), 440 * 2 ** (1 / 6)], rel=0.02)
        assert [len(change.sound) for change in found[3:5]] == [round(RATE / 0.9), round(RATE / 1.1)]

    def test_a_crop_is_a_part_of_the_recording_that_sounds_like_it_and_another_for_another_seed(self) -> None:
        sweep = np.sin(np.linspace(0, 60, RATE) ** 2).astype(np.float32)
        starts = set()
        for seed in range(4):
            plain, crop, *_ = altered(
                sweep, sweep, FRONT_END, AugmentParams(), VariantParams(), CROP, seed=seed
            )
            frames = crop.spectrogram.shape[1]
            assert frames == FRONT_END.frames(CROP) < plain.spectrogram.shape[1]
            windows = np.lib.stride_tricks.sliding_window_view(plain.spectrogram, frames, axis=1)
            (start,) = [
                at for at in range(windows.shape[1]) if np.array_equal(windows[:, at], crop.spectrogram)
            ]
            heard = FRONT_END(crop.sound)[:, 4:-5]
            assert np.median(np.abs(heard - crop.spectrogram[:, 4 : 4 + heard.shape[1]])) < 1
            assert f"from {FRONT_END.seconds(start):.1f} s on" in crop.text
            starts.add(start)
        assert len(starts) > 1

    def test_of_a_recording_no_longer_than_a_crop_no_crop_is_shown(self) -> None:
        found = altered(tone(440), tone(1200), FRONT_END, AugmentParams(), VariantParams(), 1.0, seed=3)
        assert "Random crop" not in [change.title for change in found]

    def test_gain_says_how_much_and_is_heard(self) -> None:
        found = {change.title: change for change in changes(AugmentParams(), VariantParams())}
        gain = float(found["Gain"].text.split(" dB")[0])
        heard = [np.sqrt(np.mean(found[name].sound ** 2)) for name in ("Gain", "Heard from its spectrogram")]
        assert 20 * np.log10(heard[0] / heard[1]) == pytest.approx(gain, abs=0.5)
        assert abs(gain) > 0.5

    def test_a_spectrogram_sounds_like_what_it_was_made_from(self) -> None:
        assert _loudest(sound_of(FRONT_END(tone(440)), FRONT_END)) == pytest.approx(440, rel=0.1)


def _loudest(sound: np.ndarray) -> float:
    return float(np.fft.rfftfreq(len(sound), 1 / RATE)[np.abs(np.fft.rfft(sound)).argmax()])


class TestPage:
    @pytest.fixture
    def manifest(self, tmp_path: Path) -> pd.DataFrame:
        rows = []
        for number, (label, split) in enumerate(
            [("a", "train"), ("b", "train"), ("a", "train"), ("b", "test"), ("c", "train")]
        ):
            path = f"{number}&{label}.wav"
            soundfile.write(tmp_path / path, tone(300 + 100 * number), RATE)
            rows.append(
                {"recording_id": str(number), "path": path, "label": label, "split": split, "status": "ok"}
            )
        return pd.DataFrame(rows)

    def page(
        self,
        manifest: pd.DataFrame,
        folder: Path,
        count: int = 2,
        variants: VariantParams = VariantParams(),  # noqa: B008  (frozen)
    ) -> str:
        return render_augmentations(
            manifest,
            recordings=folder,
            limits=AudioLimits(),
            front_end=FRONT_END,
            augment=AugmentParams(),
            variants=variants,
            crop_seconds=CROP,
            params=AugmentationsParams(count=count, seconds=0.5),
        )

    def test_shows_and_plays_training_recordings_of_different_labels(
        self, manifest: pd.DataFrame, tmp_path: Path
    ) -> None:
        page = self.page(manifest, tmp_path, count=3)
        assert [name in page for name in ("0&amp;a.wav", "1&amp;b.wav", "4&amp;c.wav")] == [True] * 3
        assert "3&amp;b.wav" not in page
        assert "2&amp;a.wav" not in page
        assert page.count("<audio ") == page.count("<img ") == 3 * 12

    @pytest.mark.parametrize(
        ("variants", "told"),
        [
            (VariantParams(), "copies are made now: <code>variants.count</code> is 0"),
            (VariantParams(count=2), "2 altered copies of each training recording are learned from"),
            (VariantParams(mode="on_the_fly", altered_share=0.6), "60 % are altered on the fly"),
        ],
    )
    def test_says_what_is_learned_from(
        self, manifest: pd.DataFrame, tmp_path: Path, variants: VariantParams, told: str
    ) -> None:
        assert told in " ".join(self.page(manifest, tmp_path, variants=variants).split())

    def test_shows_what_is_left_as_it_was_and_why(self, manifest: pd.DataFrame, tmp_path: Path) -> None:
        guard = {"a": {"exclude": ["noise"], "why": "Noise <passes> for a."}}
        called = manifest.assign(labels=[[label] for label in manifest["label"]])
        page = self.page(called, tmp_path, count=3, variants=VariantParams(guard=guard))  # type: ignore[arg-type]
        assert "Noise &lt;passes&gt; for a." in page
        assert "Of 4 training recordings 2 are spared noise." in " ".join(page.split())
        # Of the three that are shown one is called so, and noise has two ends.
        assert page.count("Not done to this recording") == 2
        assert "What is left as it was" not in self.page(manifest, tmp_path)

    def test_passes_by_what_cannot_be_decoded(self, manifest: pd.DataFrame, tmp_path: Path) -> None:
        (tmp_path / "0&a.wav").write_bytes(b"RIFF")
        page = self.page(manifest, tmp_path)
        assert "1&amp;b.wav" in page
        assert "4&amp;c.wav" in page

    def test_needs_two_recordings(self, manifest: pd.DataFrame, tmp_path: Path) -> None:
        with pytest.raises(CorpusError, match="1 training recordings can be decoded"):
            self.page(manifest.head(1), tmp_path)
