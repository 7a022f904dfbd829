"""Lists of notes: batches that change nothing, an instrument for each, broken ones in their places."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
from hypothesis import given
from hypothesis import strategies as st
from joined_notes import some_notes
from tones import tone

from auricle.audio.synthesis.notes.note import play
from auricle.errors import ConfigurationError
from auricle.inference import note_batches
from auricle.inference.classifier import AudioClassifier
from auricle.inference.note_batches import BatchParams, batches_of
from auricle.models.bundle import BundleRef

RATE = 22_050
INSTRUMENTS = ["flute", None, "cello", "flute", None, "cello", "flute", None, "cello"]


@pytest.fixture(scope="module")
def notes() -> list[np.ndarray]:
    """Nine notes, of which some are longer than a window."""
    return [play(note).render() for note in some_notes("flute", 9)]


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The lengths of the notes in each pass through a network."""
    seen: list[list[int]] = []
    original = note_batches.forward

    def spied(model: Any, windows: Any, *rest: Any) -> Any:
        seen.append([window.values.shape[1] for window in windows])
        return original(model, windows, *rest)

    monkeypatch.setattr(note_batches, "forward", spied)
    return seen


def classifier(bundle: BundleRef, **bounds: int) -> AudioClassifier:
    """Without memory, so that everything is computed."""
    return AudioClassifier(bundle, device="cpu", cache_size=0, batches=BatchParams(**bounds))


@pytest.mark.parametrize("bounds", [{}, {"max_notes": 4}, {"max_padded_frames": 100}])
def test_mixed_instruments_say_together_what_they_say_alone(note_bundle, notes, bounds, passes) -> None:
    model = classifier(note_bundle, **bounds)
    together = model.predict(notes, sampling_rate=RATE, instrument=INSTRUMENTS)
    batched = len(passes)
    alone = [
        model.predict(note, sampling_rate=RATE, instrument=name)
        for note, name in zip(notes, INSTRUMENTS, strict=True)
    ]
    assert max(len(prediction.windows) for prediction in alone) > 1
    assert batched < len(notes) or bounds == {"max_padded_frames": 100}
    for one, other in zip(together, alone, strict=True):
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-4)
        np.testing.assert_allclose(one.embedding, other.embedding, atol=1e-4)
        assert [(w.start_s, w.end_s) for w in one.windows] == [(w.start_s, w.end_s) for w in other.windows]


def test_each_note_is_judged_with_its_own_instrument(note_bundle, notes) -> None:
    model = classifier(note_bundle)
    said = model.predict([notes[0]] * 3, sampling_rate=RATE, instrument=["flute", "cello", None])
    one_for_all = model.predict([notes[0]] * 2, sampling_rate=RATE, instrument="cello")
    different = {round(prediction.probabilities["bad"], 5) for prediction in said}
    assert len(different) == 3
    for prediction in one_for_all:
        assert prediction.probabilities == pytest.approx(said[1].probabilities, abs=1e-5)


def test_embeddings_too(note_bundle, notes) -> None:
    model = classifier(note_bundle)
    together = model.embed(notes[:3], sampling_rate=RATE, instrument=INSTRUMENTS[:3])
    alone = model.embed(notes[2], sampling_rate=RATE, instrument="cello")
    np.testing.assert_allclose(together[2], alone, atol=1e-4)
    assert np.abs(together[2] - model.embed(notes[2], sampling_rate=RATE)).max() > 1e-3


def test_a_batch_is_one_pass_of_notes_of_about_one_length(note_bundle, notes, passes) -> None:
    classifier(note_bundle, max_notes=4).predict(notes, sampling_rate=RATE)
    lengths = [frames for batch in passes for frames in batch]
    assert lengths == sorted(lengths)
    assert [len(batch) for batch in passes[:-1]] == [4] * (len(passes) - 1)
    passes.clear()
    classifier(note_bundle, max_padded_frames=400).predict(notes, sampling_rate=RATE)
    assert all(len(batch) == 1 or len(batch) * max(batch) <= 400 for batch in passes)
    assert max(len(batch) for batch in passes) > 1


@given(
    st.lists(st.integers(1, 900), max_size=60),
    st.integers(1, 10),
    st.integers(1, 3000),
)
def test_batches_have_every_note_once_and_keep_both_bounds(lengths, most, frames) -> None:
    batches = batches_of(lengths, BatchParams(max_notes=most, max_padded_frames=frames))
    assert sorted(place for batch in batches for place in batch) == list(range(len(lengths)))
    for batch in batches:
        longest = max(lengths[place] for place in batch)
        assert len(batch) == 1 or (len(batch) <= most and len(batch) * longest <= frames)


@pytest.mark.parametrize("bundle", ["note_bundle", "cnn_bundle", "forest_bundle"])
def test_broken_ones_are_entries_in_their_places(request, bundle, notes, tmp_path) -> None:
    sf.write(tmp_path / "note.wav", notes[0], RATE)
    (tmp_path / "empty.wav").write_bytes(b"")
    broken: list[Any] = [tmp_path / "empty.wav", np.full(RATE, np.nan), tmp_path / "missing.wav"]
    model = classifier(request.getfixturevalue(bundle), max_padded_frames=1)
    files = [tmp_path / "note.wav", broken[0], notes[1], broken[1], broken[2], notes[2]]
    entries = model.predict(files, sampling_rate=RATE)
    reasons = [entry.error for entry in entries]
    assert [reason is None for reason in reasons] == [True, False, True, False, False, True]
    for reason, expected in zip(reasons[1:5:2], ("empty", "not finite"), strict=True):
        assert expected in str(reason)
    for place in (0, 2, 5):
        alone = model.predict(files[place], sampling_rate=RATE)
        assert entries[place].probabilities == pytest.approx(alone.probabilities, abs=1e-4)


@pytest.mark.parametrize("bundle", ["cnn_bundle", "forest_bundle"])
def test_a_model_without_instruments_says_so_once(request, bundle, caplog) -> None:
    model = classifier(request.getfixturevalue(bundle))
    several = [tone(0.4, 300), tone(1.0, 1500), tone(2.7, 300)]
    said = model.predict(several, sampling_rate=8000, instrument=["flute", None, "flute"])
    assert caplog.text.count("'flute' is taken as unknown: this model knows of no instruments") == 1
    for prediction, samples in zip(said, several, strict=True):
        alone = model.predict(samples, sampling_rate=8000)
        assert prediction.probabilities == pytest.approx(alone.probabilities, abs=1e-4)


@pytest.mark.parametrize("instrument", [["flute"], ["flute"] * 3, []])
def test_as_many_instruments_as_notes_are_needed(note_bundle, notes, instrument) -> None:
    with pytest.raises(ConfigurationError, match=f"has {len(instrument)} entries for 2 recordings"):
        classifier(note_bundle).predict(notes[:2], sampling_rate=RATE, instrument=instrument)


def test_files_and_samples_may_be_mixed(note_bundle, notes, tmp_path: Path) -> None:
    sf.write(tmp_path / "note.wav", notes[0], RATE, subtype="FLOAT")
    model = classifier(note_bundle)
    of_file, of_samples = model.predict([tmp_path / "note.wav", notes[0]], sampling_rate=RATE)
    assert of_file.probabilities == pytest.approx(of_samples.probabilities, abs=1e-5)
    assert (of_file.path, of_samples.path) == (str(tmp_path / "note.wav"), None)
