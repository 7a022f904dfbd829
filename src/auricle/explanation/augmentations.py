"""What augmentation makes of a recording, to be seen and heard: each change by itself."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from auricle.audio.frontend import FrontEnd
from auricle.audio.guard import Kind
from auricle.audio.waveform_augment import Change, VariantParams
from auricle.training.augment import Augment
from auricle.training.crops import random_span
from auricle.training.params import AugmentParams

FloatArray = npt.NDArray[np.float32]
# Leaves room for what is made louder.
PEAK = 0.4
NOTHING = {"gain_db": 0.0, "time_masks": 0, "frequency_masks": 0, "mixup_alpha": 0.0}


@dataclass(frozen=True)
class Altered:
    """A part of a recording after one change.

    Attributes:
        title: what was changed.
        text: by how much, and where it is from.
        spectrogram: float32 (bands, frames) in dB.
        sound: float32 (n,) at the front end's rate; where the change is of the spectrogram, the sound is
            made from that again, its phases guessed, as is that of the plain one beside it.
        kind: of a change of the waveform.
    """

    title: str
    text: str
    spectrogram: FloatArray
    sound: FloatArray
    kind: Kind | None = None


def altered(  # noqa: PLR0917  (what is altered, what hears it, how)
    waveform: FloatArray,
    other: FloatArray,
    front_end: FrontEnd,
    augment: AugmentParams,
    variants: VariantParams,
    crop_seconds: float,
    seed: int,
) -> Iterator[Altered]:
    """The recording as it is, a random crop, and it after each change of waveforms and of spectrograms.

    Args:
        waveform: mono, at the front end's rate.
        other: another one, that mixup mixes in.
        front_end: that hears them.
        augment: changes of spectrograms; each is shown, whether it is enabled or not.
        variants: changes of waveforms; the ends of each range are shown.
        crop_seconds: length of a crop of training; of a recording that is no longer no crop is shown.
        seed: of what is drawn.
    """
    length = min(len(waveform), len(other))
    waveform, other = (_to_peak(samples[:length]) for samples in (waveform, other))
    plain = front_end(waveform)
    yield Altered("As it is", "the recording", plain, waveform)
    yield from _crop(waveform, plain, front_end, crop_seconds, seed)
    for change in _ends(variants):
        sound = change(waveform, front_end.sample_rate)
        yield Altered(_TITLES[change.kind], f"{change}; the waveform", front_end(sound), sound, change.kind)
    heard = sound_of(plain, front_end)
    level = float(np.abs(heard).max()) / PEAK or 1.0
    yield Altered(
        "Heard from its spectrogram", "what is left of the sound in the bands", plain, heard / level
    )
    batch = {
        "input_values": torch.from_numpy(np.stack([plain, front_end(other)])),
        "labels": torch.tensor([0, 1]),
        "lengths": torch.full((2,), plain.shape[1]),
    }
    for title, told, only in _ways(augment):
        changed = Augment(augment.model_copy(update=NOTHING | only), n_classes=2, seed=seed)(
            batch, [(0, 0), (0, 1)]
        )
        values = changed["input_values"][0].numpy()
        share = float(changed["labels"][0, 0]) if "mixup_alpha" in only else 1.0
        text = told.format(share=share, gain=float((values - plain).mean()))
        yield Altered(title, text, values, sound_of(values, front_end) / level)


def sound_of(spectrogram: FloatArray, front_end: FrontEnd) -> FloatArray:
    """A waveform with about this spectrogram, by Griffin and Lim's algorithm, float32 (n,)."""
    import librosa

    samples = librosa.griffinlim(
        front_end.magnitudes(spectrogram),
        n_fft=front_end.params.n_fft,
        hop_length=front_end.params.hop_length,
        n_iter=16,
        random_state=0,
    )
    return np.asarray(samples, dtype=np.float32)


def _crop(
    waveform: FloatArray, plain: FloatArray, front_end: FrontEnd, seconds: float, seed: int
) -> Iterator[Altered]:
    """What an epoch hears of the recording, drawn as `auricle.training.data` draws it."""
    frames = front_end.frames(seconds)
    if frames >= plain.shape[1]:
        return
    start, length = random_span(plain.shape[1], frames, np.random.default_rng((seed, 0, 0)))
    begins, ends = (
        round(front_end.seconds(place) * front_end.sample_rate) for place in (start, start + length)
    )
    text = f"{seconds:.1f} s from {front_end.seconds(start):.1f} s on: another part in each epoch"
    yield Altered("Random crop", text, plain[:, start : start + length], waveform[begins:ends])


_TITLES = {"pitch": "Another pitch", "stretch": "Another tempo", "noise": "Noise"}


def _ends(variants: VariantParams) -> Iterator[Change]:
    """The least and the most of each change of waveforms that is allowed."""
    ranges = {
        "pitch": (-variants.pitch_semitones, variants.pitch_semitones),
        "stretch": variants.stretch,
        "noise": variants.noise_snr_db or (0.0, 0.0),
    }
    for kind in variants.kinds:
        for amount in ranges[kind]:
            yield Change(kind, float(amount), variants.seed)


def _ways(augment: AugmentParams) -> Iterator[tuple[str, str, dict[str, float]]]:
    """Title, text and parameters of each change of spectrograms."""
    if augment.gain_db:
        told = "{gain:+.1f} dB; the spectrogram"
        yield "Gain", told, {"gain_db": augment.gain_db}
    masks: dict[str, float] = {"time_masks": augment.time_masks, "frequency_masks": augment.frequency_masks}
    if any(masks.values()):
        text = f"{augment.time_masks} masks of time, {augment.frequency_masks} of bands; the spectrogram"
        yield "SpecAugment", text, masks
    if augment.mixup_alpha:
        yield (
            "Mixup",
            "{share:.0%} of this one, the rest of another; the spectrogram",
            {"mixup_alpha": augment.mixup_alpha},
        )


def _to_peak(samples: FloatArray) -> FloatArray:
    loudest = float(np.abs(samples).max())
    return samples * np.float32(PEAK / loudest) if loudest else samples
