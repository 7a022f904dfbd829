"""The sequence model: begins as the analyzer, padding changes nothing, and its file knows whose it is."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load, save

from auricle.errors import BundleError
from auricle.models.bundle import BundleRef
from auricle.models.note_sequence import (
    NoteSequence,
    SequenceFacts,
    read_sequence,
    sequence_bytes,
    sequence_file,
)
from auricle.models.note_sequence_params import NetworkParams

SIZES = NetworkParams(projection_size=4, hidden_size=6)
BUNDLE = BundleRef(Path("somewhere"), "then", "d" * 64)


def facts(**changed: Any) -> SequenceFacts:
    told: dict[str, Any] = {
        "network": SIZES,
        "vocabulary": ("bad", "good", "worse"),
        "embedding_size": 5,
        "longest": 8,
        "analyzer_version": BUNDLE.version,
        "analyzer_digest": BUNDLE.digest,
        "calibration_temperature": 1.5,
        "kept": True,
        "reason": "It is better.",
    }
    return SequenceFacts(**told | changed)


def trained() -> NoteSequence:
    """No layer is what it was initialized to."""
    torch.manual_seed(0)
    model = NoteSequence(SIZES, 5, 3)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.7)
    return model.eval()


def heard(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings and probabilities of so many notes."""
    generator = np.random.default_rng(seed)
    embeddings = generator.normal(size=(count, 5)).astype(np.float32)
    return embeddings, generator.dirichlet(np.ones(3), size=count).astype(np.float32)


def places(*lengths: int) -> list[np.ndarray]:
    return np.split(np.arange(sum(lengths)), np.cumsum(lengths)[:-1])


class TestNetwork:
    def test_untrained_it_says_what_the_analyzer_says(self) -> None:
        embeddings, probabilities = heard(9)
        probabilities[0] = [1, 0, 0]
        model = NoteSequence(SIZES, 5, 3)
        said = np.concatenate(model.corrected(embeddings, probabilities, places(4, 5)))
        np.testing.assert_allclose(said, probabilities, atol=1e-6)

    def test_a_padded_passage_gives_what_it_gives_alone(self) -> None:
        embeddings, probabilities = heard(25)
        model, passages = trained(), places(1, 2, 7, 15)
        together = model.corrected(embeddings, probabilities, passages)
        for passage, said in zip(passages, together, strict=True):
            (alone,) = model.corrected(embeddings, probabilities, [passage])
            np.testing.assert_allclose(said, alone, atol=1e-6)
            np.testing.assert_allclose(said.sum(axis=1), 1, atol=1e-5)

    def test_what_stands_in_the_padding_does_not_matter(self) -> None:
        model = trained()
        embeddings, logs = torch.randn(2, 6, 5), torch.randn(2, 6, 3).log_softmax(dim=2)
        lengths = torch.tensor([6, 4])
        first = model(embeddings, logs, lengths)
        embeddings[1, 4:], logs[1, 4:] = 100, -3
        again = model(embeddings, logs, lengths)
        torch.testing.assert_close(first[1, :4], again[1, :4])
        torch.testing.assert_close(first[0], again[0])

    def test_neighbours_on_both_sides_matter(self) -> None:
        embeddings, probabilities = heard(5)
        (said,) = trained().corrected(embeddings, probabilities, places(5))
        for changed in (0, 4):
            other = probabilities.copy()
            other[changed] = other[changed][::-1]
            (now,) = trained().corrected(embeddings, other, places(5))
            assert np.abs(now[2] - said[2]).max() > 1e-4

    def test_many_passages_are_asked_in_parts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        embeddings, probabilities = heard(30)
        whole = trained().corrected(embeddings, probabilities, places(*[3] * 10))
        monkeypatch.setattr("auricle.models.note_sequence.AT_ONCE", 4)
        parts = trained().corrected(embeddings, probabilities, places(*[3] * 10))
        np.testing.assert_allclose(np.stack(parts), np.stack(whole), atol=1e-6)

    def test_of_no_passages_nothing_is_said(self) -> None:
        assert trained().corrected(*heard(0), []) == []


class TestFile:
    def test_comes_back_as_it_was(self, tmp_path: Path) -> None:
        file = tmp_path / "model.safetensors"
        file.write_bytes(sequence_bytes(trained(), facts()))
        model, told = read_sequence(file, BUNDLE)
        assert told == facts()
        embeddings, probabilities = heard(4)
        (said,) = model.corrected(embeddings, probabilities, places(4))
        np.testing.assert_array_equal(said, trained().corrected(embeddings, probabilities, places(4))[0])

    def test_lies_beside_the_versions(self, tmp_path: Path) -> None:
        versioned = BundleRef(tmp_path / "note_analyzer/bundle/then/bundle", "then", "")
        assert sequence_file(versioned) == tmp_path / "note_analyzer/sequence/then/model.safetensors"
        copied = BundleRef(tmp_path / "mine", "mine", "")
        assert sequence_file(copied) == tmp_path / "sequence/mine/model.safetensors"

    def test_of_another_analyzer_is_refused(self, tmp_path: Path) -> None:
        file = tmp_path / "model.safetensors"
        file.write_bytes(sequence_bytes(trained(), facts(analyzer_digest="e" * 64)))
        with pytest.raises(BundleError, match=r"belongs to the analyzer then .e{12}.*dddd"):
            read_sequence(file, BUNDLE)

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "damaged and cannot be read"),
            (sequence_bytes(trained(), facts())[:-9], "damaged and cannot be read"),
            (save({"weight": torch.zeros(2)}), "says nothing of itself"),
            (
                save({"weight": torch.zeros(2)}, metadata={"auricle_note_sequence": '{"format": 9}'}),
                "format version 9",
            ),
            (
                save({"weight": torch.zeros(2)}, metadata={"auricle_note_sequence": '{"format": 1}'}),
                "is damaged: ",
            ),
            (
                save(
                    load(sequence_bytes(trained(), facts())) | {"more": torch.zeros(2)},
                    metadata={"auricle_note_sequence": json.dumps(facts().model_dump(mode="json"))},
                ),
                "more",
            ),
        ],
        ids=["empty", "torn", "of something else", "newer", "incomplete", "other weights"],
    )
    def test_what_is_damaged_is_refused(self, tmp_path: Path, content: bytes, message: str) -> None:
        file = tmp_path / "model.safetensors"
        file.write_bytes(content)
        with pytest.raises(BundleError, match=rf"(?s){message}.*train_note_sequence"):
            read_sequence(file, BUNDLE)

    def test_what_is_missing_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(BundleError, match=r"no sequence model at .*model\.safetensors"):
            read_sequence(tmp_path / "model.safetensors", BUNDLE)
