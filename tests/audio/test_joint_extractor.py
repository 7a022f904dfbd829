"""Several extractors as one: each hears at its own rate, and one that cannot says why."""

import pickle

import numpy as np

from auricle.audio.frontend import FrontEndParams, LogMelFrontEnd
from auricle.audio.joint_extractor import JointExtractor
from auricle.errors import AudioError


class Deaf(LogMelFrontEnd):
    def __call__(self, waveform: np.ndarray) -> np.ndarray:
        raise AudioError("too short")


def front_end(sample_rate: int, kind: type[LogMelFrontEnd] = LogMelFrontEnd) -> LogMelFrontEnd:
    return kind(FrontEndParams(sample_rate=sample_rate, n_fft=512, hop_length=200, n_mels=16))


def test_each_hears_the_waveform_at_its_own_rate() -> None:
    extractors = (front_end(16_000), front_end(8_000), front_end(8_000, Deaf))
    joint = pickle.loads(pickle.dumps(JointExtractor(extractors)))
    times = np.arange(16_000) / 16_000
    waveform = np.sin(2 * np.pi * 440 * times).astype(np.float32)
    own, halved, refused = joint(waveform)
    assert joint.sample_rate == 16_000
    np.testing.assert_array_equal(own, extractors[0](waveform))
    plain = extractors[1](np.sin(2 * np.pi * 440 * times[::2]).astype(np.float32))
    assert halved.shape == plain.shape
    assert np.argmax(halved.mean(axis=1)) == np.argmax(plain.mean(axis=1))
    assert isinstance(refused, AudioError) and str(refused) == "too short"
