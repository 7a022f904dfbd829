"""Networks as ONNX: what they say in torch, of clips of any length, alone and padded."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import ResNetConfig, ResNetModel

from auricle.errors import ConfigurationError, DivergedError, NotExportableError
from auricle.models.onnx_check import LENGTHS, check_in, check_onnx, checked, session_of
from auricle.models.onnx_export import example_of, export_onnx, onnx_of
from auricle.models.params import TransferParams
from auricle.models.registry import build_model
from auricle.models.traced import is_traced
from tiny_vggish import tiny_vggish

pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

INSTRUMENTS = {
    "frames_per_second": 172.0,
    "instruments": ("cello", "flute"),
    "parents": {"blues": "slow", "metal": "fast", "disco": "fast"},
}
ANALYZERS = [
    pytest.param("note_analyzer", {}, marks=pytest.mark.long),
    (
        "note_analyzer",
        {
            "pooling": "mean_max",
            "normalization": "note_with_level",
            "attack_ms": 100.0,
            "renormalized": True,
            "instrument_loss": 0.2,
            "unknown_instrument": "predicted",
        },
    ),
    ("note_analyzer_small", {"pooling": "attention", "normalization": "note", "instrument_loss": 0.2}),
    pytest.param("note_analyzer_small", {"level_loss": 0.3}, marks=pytest.mark.long),
]
OTHERS = [
    ("cnn", {}),
    pytest.param("cnn", {"head": "flatten"}, marks=pytest.mark.long),
    pytest.param("hybrid", {}, marks=pytest.mark.long),
    ("resnet", {}),
    pytest.param("cnn_lstm", {}, marks=pytest.mark.long),
]


def trained(small_model: Callable[..., Any], kind: str, params: dict[str, Any], **config: Any) -> Any:
    """A network that looks trained: no statistic is what it was initialized to, and its answers differ."""
    if kind.startswith("note"):
        config |= INSTRUMENTS
    network = small_model(kind, n_bands=33, config=config, **params).train()
    frames = network.exact_frames or 60
    for _ in range(3):
        network(example_of(network, [frames] * 6)["input_values"])
    torch.nn.init.normal_(network.classifier.weight)
    return network.eval()


@pytest.mark.parametrize(("kind", "params"), ANALYZERS + OTHERS)
def test_says_what_torch_says(small_model: Callable[..., Any], kind: str, params: dict[str, Any]) -> None:
    network = trained(small_model, kind, params)
    content = onnx_of(network)
    session = session_of(content, threads=1)
    lengths = [network.exact_frames] if network.exact_frames else list(LENGTHS)
    for batch in ([length] for length in lengths), [lengths]:
        for chosen in batch:
            given = example_of(network, chosen)
            said = session.run(["logits", "embeddings"], {name: given[name].numpy() for name in given})
            with torch.no_grad():
                expected = network(**given)
            assert np.abs(said[0] - expected.logits.numpy()).max() < 1e-4
            assert np.abs(said[1] - expected.embeddings.numpy()).max() < 1e-4
    assert len(lengths) == 1 or said[0].std() > 1e-2
    told = check_in(checked(content, network))
    assert 0 < told["max_difference"] < 1e-4
    assert told["lengths"] == lengths


def test_a_file_of_another_network_is_found_out(small_model: Callable[..., Any]) -> None:
    network = trained(small_model, "note_analyzer_small", {})
    content = onnx_of(network)
    with torch.no_grad():
        network.classifier.bias[0] += 1e-3
    with pytest.raises(DivergedError, match="differs from torch"):
        check_onnx(content, network)
    with pytest.raises(ConfigurationError, match="export it again"):
        check_in(content)


def test_no_number_is_a_difference(small_model: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    network = trained(small_model, "note_analyzer_small", {})
    content = onnx_of(network)
    session = session_of(content)
    answers = iter(range(1_000))

    class Failing:
        def __getattr__(self, name: str) -> Any:
            return getattr(session, name)

        def run(self, *asked: Any) -> list[Any]:
            said = session.run(*asked)
            return [np.full_like(part, np.nan) for part in said] if next(answers) == 1 else said

    monkeypatch.setattr("auricle.models.onnx_check.session_of", lambda content: Failing())
    with pytest.raises(DivergedError, match="differs from torch by nan"):
        check_onnx(content, network)


def test_tells_labels_and_leaves_the_network_as_it_was(
    small_model: Callable[..., Any], tmp_path: Path
) -> None:
    network = trained(small_model, "note_analyzer_small", {}).train()
    export_onnx(network, tmp_path / "deep/model.onnx")
    assert network.training
    assert not is_traced()
    session = session_of((tmp_path / "deep/model.onnx").read_bytes())
    told = session.get_modelmeta().custom_metadata_map
    assert json.loads(told["labels"]) == ["blues", "disco", "metal"]
    assert json.loads(told["instruments"]) == ["cello", "flute"]
    assert told["problem_type"] == "single_label_classification"
    shapes = {value.name: value.shape for value in session.get_inputs()}
    assert shapes == {
        "input_values": ["batch", 33, "frames"],
        "lengths": ["batch"],
        "instruments": ["batch"],
    }


def test_several_labels_have_probabilities_of_their_own(small_model: Callable[..., Any]) -> None:
    network = trained(small_model, "note_analyzer_small", {}, problem_type="multi_label_classification")
    given = example_of(network, [40, 30])
    session = session_of(onnx_of(network))
    logits, probabilities = session.run(
        ["logits", "probabilities"], {name: value.numpy() for name, value in given.items()}
    )
    assert probabilities == pytest.approx(1 / (1 + np.exp(-logits)), abs=1e-6)


class TestTransfer:
    def network(self, folder: Path, **params: Any) -> Any:
        chosen = TransferParams(backbone=str(folder), dropout=0.0, **params)
        bands = 64 if params else 16
        return build_model(
            chosen.config(n_bands=bands, vocabulary="abc", window_frames=150, hop_frames=150)
        ).eval()

    def test_an_encoder_that_is_a_graph_already_is_refused(self, tmp_path: Path) -> None:
        tiny_vggish(tmp_path / "tiny.onnx")
        with pytest.raises(NotExportableError, match="its encoder is an ONNX file itself"):
            onnx_of(self.network(tmp_path, frozen=True))

    def test_an_encoder_of_images(self, tmp_path: Path) -> None:
        torch.manual_seed(1)
        config = ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic")
        ResNetModel(config).save_pretrained(tmp_path)
        network = self.network(tmp_path)
        assert check_onnx(onnx_of(network), network)["max_difference"] < 1e-4
