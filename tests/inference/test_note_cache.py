"""What a model has said is remembered: by content, within a bound, and as it was."""

import numpy as np
import pytest
from tones import tone

from auricle.errors import ConfigurationError
from auricle.inference.classifier import AudioClassifier
from auricle.inference.note_cache import CacheInfo

RATE = 22_050


@pytest.fixture
def note() -> np.ndarray:
    return tone(0.5, 440)


def model_with(note_bundle, cache_size: int = 1024) -> AudioClassifier:
    return AudioClassifier(note_bundle, device="cpu", cache_size=cache_size)


def asked(model: AudioClassifier) -> tuple[int, int]:
    """Hits and misses so far."""
    return model.cache_info()[:2]


def test_what_is_asked_again_is_a_hit_and_the_same(note_bundle, note) -> None:
    model = model_with(note_bundle)
    first = model.predict(note, sampling_rate=RATE, instrument="flute")
    again = model.predict(note.copy(), sampling_rate=RATE, instrument="flute")
    assert again == first
    np.testing.assert_array_equal(again.embedding, first.embedding)
    assert model.cache_info() == CacheInfo(hits=1, misses=1, maxsize=1024, currsize=1)
    assert model.cache_info().hit_rate == 0.5


def test_one_changed_sample_is_a_miss(note_bundle, note) -> None:
    model = model_with(note_bundle)
    model.predict(note, sampling_rate=RATE)
    changed = note.copy()
    changed[100] = np.nextafter(changed[100], np.float32(1))
    model.predict(changed, sampling_rate=RATE)
    assert asked(model) == (0, 2)


def test_another_instrument_is_a_miss_and_another_answer(note_bundle, note) -> None:
    model = model_with(note_bundle)
    said = [
        model.predict(note, sampling_rate=RATE, instrument=name).confidence
        for name in ("flute", "cello", None)
    ]
    assert len(set(said)) == 3
    assert asked(model) == (0, 3)


def test_another_rate_is_a_miss(note_bundle, note) -> None:
    model = model_with(note_bundle)
    model.predict(note, sampling_rate=RATE)
    model.predict(note, sampling_rate=2 * RATE)
    assert asked(model) == (0, 2)


def test_another_bundle_has_other_keys(note_bundle, cnn_bundle, note) -> None:
    keys = {
        AudioClassifier(bundle, device="cpu")._cache.key(note, RATE, None)
        for bundle in (note_bundle, cnn_bundle)
    }
    assert len(keys) == 2


def test_a_note_that_is_twice_in_a_list_is_computed_once(note_bundle, note, monkeypatch) -> None:
    model = model_with(note_bundle)
    scored = []
    original = model._scorer.score
    monkeypatch.setattr(
        model._scorer, "score", lambda heard, batches: scored.append(len(heard)) or original(heard, batches)
    )
    one, _, other = model.predict([note, tone(0.3, 600), note], sampling_rate=RATE)
    assert scored == [2]
    assert one == other
    assert asked(model) == (1, 2)
    one.embedding[:] = 0
    assert other.embedding.any()


def test_what_was_not_asked_for_longest_is_forgotten(note_bundle) -> None:
    model = model_with(note_bundle, cache_size=2)
    a, b, c = (tone(0.2, frequency) for frequency in (300, 400, 500))
    for note in (a, b, a, c):  # b is the one to go
        model.predict(note, sampling_rate=RATE)
    assert model.cache_info() == CacheInfo(hits=1, misses=3, maxsize=2, currsize=2)
    model.predict(a, sampling_rate=RATE)
    assert asked(model) == (2, 3)
    model.predict(b, sampling_rate=RATE)
    assert asked(model) == (2, 4)


def test_a_list_longer_than_the_memory_is_answered_whole(note_bundle) -> None:
    several = [tone(0.2, frequency) for frequency in (300, 400, 500, 600)]
    said = model_with(note_bundle, cache_size=1).predict(several, sampling_rate=RATE)
    expected = model_with(note_bundle, cache_size=0).predict(several, sampling_rate=RATE)
    assert said == expected


def test_size_0_remembers_nothing(note_bundle, note) -> None:
    model = model_with(note_bundle, cache_size=0)
    for _ in range(2):
        model.predict([note, note], sampling_rate=RATE)
    assert model.cache_info() == CacheInfo(hits=0, misses=4, maxsize=0, currsize=0)
    assert model.cache_info().hit_rate == 0


def test_what_a_person_changes_does_not_change_the_memory(note_bundle, note) -> None:
    model = model_with(note_bundle)
    first = model.embed(note, sampling_rate=RATE)
    expected = first.copy()
    for _ in range(2):
        given = model.embed(note, sampling_rate=RATE)
        np.testing.assert_array_equal(given, expected)
        given[:] = 0
        first[:] = 0


def test_broken_ones_are_not_remembered(note_bundle) -> None:
    model = model_with(note_bundle)
    model.predict([np.full(100, np.nan)], sampling_rate=RATE)
    assert model.cache_info().currsize == 0


def test_clearing_forgets_and_counts_anew(note_bundle, note) -> None:
    model = model_with(note_bundle)
    model.predict(note, sampling_rate=RATE)
    model.cache_clear()
    assert model.cache_info() == CacheInfo(0, 0, 1024, 0)


@pytest.mark.parametrize("size", [-1, 10**7])
def test_a_size_that_is_none_is_refused(note_bundle, size) -> None:
    with pytest.raises(ConfigurationError, match=f"cache_size is {size}"):
        model_with(note_bundle, cache_size=size)
