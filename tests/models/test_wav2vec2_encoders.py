"""Pretrained speech encoders of every type that is taken: their weights, what of them learns, refusals."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from transformers import (
    HubertConfig,
    HubertModel,
    Wav2Vec2Config,
    Wav2Vec2FeatureExtractor,
    Wav2Vec2Model,
    WavLMConfig,
    WavLMModel,
)

from auricle.errors import BundleError, ConfigurationError, MissingPackageError
from auricle.models.bundle import seal
from auricle.models.onnx_check import check_onnx
from auricle.models.onnx_export import onnx_of
from auricle.models.params import ModelParams, TransferParams
from auricle.models.registry import build_model, load_deep
from auricle.models.wav2vec2.params import Wav2Vec2Params
from tiny_speech import GEOMETRY

CLASSES = {
    "wav2vec2": (Wav2Vec2Config, Wav2Vec2Model),
    "hubert": (HubertConfig, HubertModel),
    "wavlm": (WavLMConfig, WavLMModel),
}
LAYER_NORM = GEOMETRY | {"feat_extract_norm": "layer", "conv_bias": True}
LABELS = torch.tensor([0, 1, 2, 0])


def encoder_folder(folder: Path, kind: str = "wav2vec2", **changes: Any) -> Path:
    """A tiny encoder with random weights, as a folder of the hub would have it."""
    torch.manual_seed(1)
    config_class, model_class = CLASSES[kind]
    model_class(config_class(**(LAYER_NORM | changes))).save_pretrained(folder / kind)
    return folder / kind


@pytest.fixture(params=sorted(CLASSES))
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    return encoder_folder(tmp_path, request.param)


def model_of(folder: Path, *, begin: bool = True, **params: Any) -> Any:
    torch.manual_seed(0)
    chosen = Wav2Vec2Params.model_validate({"encoder": str(folder)} | params)
    model = build_model(
        chosen.config(n_bands=1, vocabulary=("a", "b", "c"), window_frames=2000, hop_frames=1000)
    )
    if begin:
        chosen.begin(model)
    return model


def waveforms(samples: int = 2000, seed: int = 0) -> torch.Tensor:
    return torch.randn(4, 1, samples, generator=torch.Generator().manual_seed(seed))


def step(model: Any, rate: float = 1e-2, steps: int = 2) -> None:
    optimizer = torch.optim.AdamW([value for value in model.parameters() if value.requires_grad], lr=rate)
    for _ in range(steps):
        optimizer.zero_grad()
        model.train()(waveforms(), labels=LABELS).loss.backward()
        optimizer.step()


def bundle_of(model: Any, folder: Path) -> Path:
    model.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text("{}")
    (folder / "training.json").write_text("{}")
    return folder


class TestEveryType:
    def test_takes_over_what_the_encoder_has_learned(self, folder: Path) -> None:
        known = CLASSES[folder.name][1].from_pretrained(folder).state_dict()
        model, untrained = model_of(folder), model_of(folder, begin=False)
        assert all(torch.equal(value, known[name]) for name, value in model.encoder.state_dict().items())
        assert not all(
            torch.equal(value, known[name]) for name, value in untrained.encoder.state_dict().items()
        )
        assert model.config.pretrained

    def test_says_of_a_padded_clip_what_it_says_of_it_alone(self, folder: Path) -> None:
        model, batch, lengths = model_of(folder), waveforms(), [2000, 1999, 700, 30]
        step(model)
        with torch.inference_mode():
            padded = model.eval()(batch, lengths=torch.tensor(lengths))
            for index, length in enumerate(lengths):
                alone = model(batch[index : index + 1, :, :length])
                torch.testing.assert_close(alone.logits[0], padded.logits[index], atol=1e-5, rtol=0)
                torch.testing.assert_close(alone.embeddings[0], padded.embeddings[index], atol=1e-5, rtol=0)

    def test_its_convolutions_do_not_learn_and_the_rest_does(self, folder: Path) -> None:
        model = model_of(folder)
        before = {name: value.clone() for name, value in model.encoder.state_dict().items()}
        step(model)
        same = {
            name for name, value in model.encoder.state_dict().items() if torch.equal(value, before[name])
        }
        assert {name for name in before if name.startswith("feature_extractor.")} <= same
        assert "encoder.layers.0.feed_forward.output_dense.weight" not in same

    def test_frozen_it_stays_as_it_is_and_says_the_same_every_time(self, folder: Path) -> None:
        model = model_of(folder, freeze_encoder=True, final_dropout=0.0)
        before = {name: value.clone() for name, value in model.encoder.state_dict().items()}
        step(model)
        assert all(torch.equal(value, before[name]) for name, value in model.encoder.state_dict().items())
        model.train()
        assert torch.equal(model(waveforms()).logits, model(waveforms()).logits)

    def test_returns_from_a_bundle_that_knows_no_folder(self, folder: Path, tmp_path: Path) -> None:
        model = model_of(folder, weighted_layers=True, pooling="attention")
        step(model)
        bundle = bundle_of(model.eval(), tmp_path / "bundle")
        assert str(tmp_path) not in (bundle / "config.json").read_text()
        folder.rename(folder.with_name("gone"))
        loaded = load_deep(seal(bundle))
        with torch.inference_mode():
            assert torch.equal(loaded(waveforms()).logits, model(waveforms()).logits)

    def test_gives_states_of_every_layer(self, folder: Path) -> None:
        output = model_of(folder).eval()(waveforms(), output_hidden_states=True)
        assert [tuple(states.shape) for states in output.hidden_states] == [(4, 99, 16)] * 3

    def test_gives_attentions(self, folder: Path) -> None:
        output = model_of(folder, attention="eager").eval()(waveforms(), output_attentions=True)
        assert [tuple(weights.shape) for weights in output.attentions] == [(4, 2, 99, 99)] * 2

    def test_learns_with_less_memory_what_it_learns_with_more(self, folder: Path) -> None:
        gradients = []
        for frugal in (False, True):
            model = model_of(folder, mask_time_prob=0.0, final_dropout=0.0).eval()
            if frugal:
                model.activation_checkpointing_enable({"use_reentrant": False})
            # In evaluation nothing is dropped, so that both can be compared; only layers know of training.
            checkpointed = [
                part for part in model.modules() if getattr(part, "gradient_checkpointing", False)
            ]
            assert bool(checkpointed) is frugal
            for module in checkpointed:
                module.training = True
            model(waveforms(), labels=LABELS).loss.backward()
            gradients.append({name: value.grad for name, value in model.named_parameters()})
        for name, gradient in gradients[0].items():
            if gradient is not None:
                torch.testing.assert_close(gradients[1][name], gradient)


LORA: dict[str, Any] = {"lora": {"rank": 2, "alpha": 4.0, "dropout": 0.0}}


class TestAdapters:
    @pytest.fixture(autouse=True)
    def _peft(self) -> None:
        pytest.importorskip("peft")

    def test_change_nothing_until_they_learn_and_then_learn_alone(self, folder: Path) -> None:
        model, plain = model_of(folder, **LORA).eval(), model_of(folder).eval()
        with torch.inference_mode():
            told = (model(waveforms()).embeddings, plain(waveforms()).embeddings)
        torch.testing.assert_close(*told, atol=1e-6, rtol=0)
        learning = [name for name, value in model.named_parameters() if value.requires_grad]
        assert {name.split(".")[0] for name in learning} == {"encoder", "classifier"}
        assert all("lora_" in name for name in learning if name.startswith("encoder."))
        before = {name: value.clone() for name, value in model.state_dict().items()}
        step(model, steps=3)
        moved = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
        assert {name for name in learning if "lora_" in name} <= moved
        assert not any(name.startswith("encoder.") and "lora_" not in name for name in moved)

    def test_are_merged_into_a_bundle_that_needs_no_peft(
        self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        model = model_of(folder, **LORA)
        step(model, rate=0.1)
        with torch.inference_mode():
            said = model.eval()(waveforms()).logits
        bundle = bundle_of(model.standing_alone(), tmp_path / "bundle")
        monkeypatch.setitem(sys.modules, "peft", None)
        loaded = load_deep(seal(bundle))
        assert not [name for name in loaded.state_dict() if "lora" in name or "base_layer" in name]
        with torch.inference_mode():
            torch.testing.assert_close(loaded(waveforms()).logits, said, atol=1e-5, rtol=0)

    def test_return_from_a_checkpoint_with_their_weights(self, folder: Path, tmp_path: Path) -> None:
        model = model_of(folder, **LORA)
        step(model, rate=0.1)
        model.eval().save_pretrained(tmp_path / "checkpoint")
        again = type(model).from_pretrained(tmp_path / "checkpoint").eval()
        with torch.inference_mode():
            assert torch.equal(again(waveforms()).logits, model(waveforms()).logits)


def test_adapters_without_peft_say_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(MissingPackageError, match=r"lora needs peft.*extra 'lora'"):
        model_of(encoder_folder(tmp_path), lora={})


class TestWhatLearns:
    def test_layers_learn_the_more_slowly_the_lower_they_are(self, tmp_path: Path) -> None:
        model = model_of(encoder_folder(tmp_path), encoder_rate=0.5, layer_decay=0.1)
        rates = model.rates()

        def rate(name: str) -> float:
            return next((value for start, value in rates.items() if name.startswith(start)), 1.0)

        found = {name: rate(name) for name, _ in model.named_parameters()}
        assert found["classifier.dense.weight"] == found["classifier.out_proj.bias"] == 1.0
        assert found["encoder.encoder.layers.1.attention.q_proj.weight"] == 0.5
        assert found["encoder.encoder.layers.0.attention.q_proj.weight"] == pytest.approx(0.05)
        assert found["encoder.feature_projection.projection.weight"] == pytest.approx(0.005)
        assert model_of(tmp_path / "wav2vec2").rates() == {}

    @pytest.mark.parametrize("frozen", [True, False])
    def test_layers_thaw_from_the_last_to_the_first(self, tmp_path: Path, frozen: bool) -> None:
        model = model_of(encoder_folder(tmp_path), gradual_unfreezing=1, freeze_feature_encoder=frozen)

        def learning() -> set[str]:
            names = (name for name, value in model.named_parameters() if value.requires_grad)
            return {".".join(name.split(".")[:4]) for name in names if name.startswith("encoder.")}

        model.thaw(0)
        assert learning() == set()
        assert all(value.requires_grad for value in model.classifier.parameters())
        model.thaw(1)
        assert {name for name in learning() if "layers" in name} == {"encoder.encoder.layers.1"}
        assert not any("feature" in name for name in learning())
        model.thaw(2)
        assert {"encoder.encoder.layers.0", "encoder.feature_projection.projection.weight"} <= learning()
        assert any("feature_extractor" in name for name in learning()) is not frozen
        before = learning()
        model.thaw(7)
        assert learning() == before


class TestGroupNorm:
    @pytest.fixture
    def model(self, tmp_path: Path) -> Any:
        return model_of(encoder_folder(tmp_path, feat_extract_norm="group", conv_bias=False)).eval()

    def test_refuses_padding_and_takes_clips_of_one_length(self, model: Any) -> None:
        assert not model.config.takes_padding
        assert not model.config.any_length
        with pytest.raises(ConfigurationError, match=r"clip of 700 samples is padded to 2000.*one length"):
            model(waveforms(), lengths=torch.tensor([2000, 2000, 700, 1000]))
        told = model(waveforms(), lengths=torch.full((4,), 2000)).logits
        assert torch.equal(told, model(waveforms()).logits)

    def test_would_say_something_else_of_a_padded_clip(self, model: Any) -> None:
        silent = waveforms()
        silent[:, :, 700:] = 0
        with torch.inference_mode():
            padded = model.encoder(silent[:, 0]).last_hidden_state[:, :34]
            alone = model.encoder(silent[:, 0, :700]).last_hidden_state
        assert (padded - alone).abs().max() > 0.1

    def test_answers_as_onnx_without_lengths(self, model: Any) -> None:
        pytest.importorskip("onnxruntime")
        pytest.importorskip("onnxscript")
        from auricle.models.onnx_check import session_of

        content = onnx_of(model)
        assert [value.name for value in session_of(content).get_inputs()] == ["input_values"]
        assert check_onnx(content, model)["max_difference"] < 1e-4


@pytest.mark.parametrize(
    "kind",
    [
        "wav2vec2",
        pytest.param("hubert", marks=pytest.mark.long),
        pytest.param("wavlm", marks=pytest.mark.long),
    ],
)
def test_answers_as_onnx_what_it_answers_in_torch(tmp_path: Path, kind: str) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    model = model_of(encoder_folder(tmp_path, kind), pooling="attention")
    step(model)
    torch.nn.init.normal_(model.classifier.out_proj.weight)
    told = check_onnx(onnx_of(model.eval()), model)
    assert 0 < told["max_difference"] < 1e-4
    assert any(len(batch) > 2 for batch in told["batches"])


def test_a_folder_may_be_named_from_home_and_no_bundle_says_where_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    encoder_folder(tmp_path)
    params = Wav2Vec2Params(encoder="~/wav2vec2")
    assert params.settings()["pretrained"]
    assert params.kept()["encoder"] == "wav2vec2"
    transfer = TransferParams(backbone="~/wav2vec2", weights="~/wav2vec2")
    assert transfer.backbone == transfer.weights == str(tmp_path / "wav2vec2")
    assert transfer.kept()["backbone"] == transfer.kept()["weights"] == "wav2vec2"
    assert Wav2Vec2Params(encoder="~nobody-of-that-name/x").encoder == "~nobody-of-that-name/x"


class TestRefusals:
    def test_a_folder_that_is_not_there(self) -> None:
        with pytest.raises(ConfigurationError, match=r"encoder '\./nothing' is a folder that does not exist"):
            Wav2Vec2Params(encoder="./nothing").settings()

    def test_a_folder_of_something_else(self, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").write_text("no encoder")
        with pytest.raises(ConfigurationError, match=r"configuration of encoder .* cannot be had"):
            Wav2Vec2Params(encoder=str(tmp_path)).settings()

    def test_a_hub_that_cannot_be_reached_says_how_to_supply_the_folder(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
        with pytest.raises(
            ConfigurationError,
            match=r"(?s)cannot be had.*hf download auricle/no-such --revision abc .* as encoder",
        ):
            Wav2Vec2Params(encoder="auricle/no-such", revision="abc").settings()

    def test_weights_that_are_a_pickle(self, tmp_path: Path) -> None:
        folder = encoder_folder(tmp_path)
        state = Wav2Vec2Model.from_pretrained(folder).state_dict()
        (folder / "model.safetensors").unlink()
        torch.save(state, folder / "pytorch_model.bin")
        with pytest.raises(ConfigurationError, match="weights as safetensors"):
            model_of(folder)

    def test_an_encoder_with_code_of_its_own(self, tmp_path: Path) -> None:
        settings = {"model_type": "mert_model", "auto_map": {"AutoConfig": "configuration_MERT.MERTConfig"}}
        (tmp_path / "config.json").write_text(json.dumps(settings))
        (tmp_path / "configuration_MERT.py").write_text("raise SystemExit('never run')")
        with pytest.raises(ConfigurationError, match="needs code of its own, which is not run"):
            Wav2Vec2Params(encoder=str(tmp_path)).settings()

    def test_an_encoder_of_images(self, tmp_path: Path) -> None:
        (tmp_path / "config.json").write_text(json.dumps({"model_type": "resnet"}))
        with pytest.raises(ConfigurationError, match=r"of the type 'resnet'.*wav2vec2, hubert, wavlm"):
            Wav2Vec2Params(encoder=str(tmp_path)).settings()

    def test_attention_that_an_encoder_lacks(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationError, match="Set attention: auto"):
            model_of(encoder_folder(tmp_path, "wavlm"), attention="sdpa")

    def test_spectrograms(self) -> None:
        with pytest.raises(ConfigurationError, match="spectrograms of 64 bands"):
            Wav2Vec2Params().config(n_bands=64, vocabulary="ab", window_frames=130, hop_frames=65)

    def test_windows_and_clips_that_are_too_short(self, tmp_path: Path) -> None:
        folder = encoder_folder(tmp_path)
        with pytest.raises(ConfigurationError, match="window has 24 samples, and the encoder needs 25"):
            Wav2Vec2Params(encoder=str(folder)).config(
                n_bands=1, vocabulary="ab", window_frames=24, hop_frames=24
            )
        with pytest.raises(ConfigurationError, match="clip has 24 samples, and the encoder needs 25"):
            model_of(folder)(waveforms(24))
        with pytest.raises(ConfigurationError, match="clip has 24 samples, and the encoder needs 25"):
            model_of(folder)(waveforms(), lengths=torch.tensor([2000, 24, 2000, 300]))
        assert model_of(folder)(waveforms(25)).logits.shape == (4, 3)

    @pytest.mark.parametrize(
        ("params", "words"),
        [
            ({"freeze_encoder": True}, "would keep an encoder as it is that begins at random"),
            ({"freeze_feature_encoder": True}, "begins at random"),
            ({"lora": {}}, "begins at random"),
            ({"revision": "main"}, "no encoder"),
            ({"encoder": "a/b", "lora": {}, "freeze_encoder": True}, "freeze_encoder and lora contradict"),
            ({"encoder": "a/b", "lora": {}, "gradual_unfreezing": 1}, "gradual_unfreezing and lora"),
            ({"encoder": "a/b", "freeze_encoder": True, "layer_decay": 0.9}, "nothing to slow down"),
            ({"pooling": "median"}, "pooling"),
            ({"tiny": {"conv_dim": [8, 8]}}, "conv_dim 2, conv_kernel 4"),
            ({"tiny": {"num_attention_heads": 3}}, "no multiple of num_attention_heads 3"),
        ],
    )
    def test_parameters_that_contradict_each_other(self, params: dict[str, Any], words: str) -> None:
        with pytest.raises(ValidationError, match=words):
            ModelParams.model_validate({"kind": "wav2vec2"} | params)

    def test_other_labels_than_the_model_has(self, tmp_path: Path) -> None:
        model = model_of(encoder_folder(tmp_path))
        with pytest.raises(ConfigurationError, match=r"shape \(4, 5\) are given to a model of 3 classes"):
            model(waveforms(), labels=torch.zeros(4, 5))
        with pytest.raises(ConfigurationError, match="Labels from 0 to 3 are given to a model of 3 classes"):
            model(waveforms(), labels=torch.tensor([0, 1, 2, 3]))

    def test_a_bundle_whose_head_has_other_labels(self, tmp_path: Path) -> None:
        bundle = bundle_of(model_of(encoder_folder(tmp_path)), tmp_path / "bundle")
        config = json.loads((bundle / "config.json").read_text())
        config["id2label"] |= {"3": "d"}
        (bundle / "config.json").write_text(json.dumps(config))
        with pytest.raises(BundleError, match="Train the model again"):
            load_deep(seal(bundle))

    @pytest.mark.parametrize("shape", [(4, 2, 2000), (2000,), (1, 1, 1, 2000)])
    def test_another_shape(self, tmp_path: Path, shape: tuple[int, ...]) -> None:
        with pytest.raises(ConfigurationError, match=r"shape \(batch, 1, samples\)"):
            model_of(encoder_folder(tmp_path))(torch.zeros(shape))


def test_the_front_end_is_the_one_that_the_encoder_was_trained_behind(tmp_path: Path) -> None:
    folder = encoder_folder(tmp_path)
    params = Wav2Vec2Params(encoder=str(folder))
    assert params.front_end() == {"sample_rate": 16_000}
    Wav2Vec2FeatureExtractor(do_normalize=False).save_pretrained(folder)
    assert params.front_end() == {"sample_rate": 16_000, "do_normalize": False}
    assert Wav2Vec2Params().front_end() == {}


def test_an_encoder_in_half_precision_without_a_mask_is_trained_in_single(tmp_path: Path) -> None:
    folder = encoder_folder(tmp_path, mask_time_prob=0.0)
    Wav2Vec2Model.from_pretrained(folder).half().save_pretrained(folder)
    model = model_of(folder)
    assert model.encoder.dtype == torch.float32
    model(waveforms(), labels=LABELS).loss.backward()
    assert model.encoder.masked_spec_embed.isfinite().all()


@pytest.mark.parametrize(
    ("problem", "labels", "expected"),
    [
        ("multi_label_classification", torch.tensor([[1, 0, 1]] * 4), 0.693),
        ("single_label_classification", LABELS, 1.099),
        ("regression", torch.full((4, 3), 2.0), 4.0),
    ],
)
def test_the_loss_is_that_of_the_problem(
    tmp_path: Path, problem: str, labels: torch.Tensor, expected: float
) -> None:
    model = model_of(encoder_folder(tmp_path)).eval()
    model.config.problem_type = problem
    torch.nn.init.zeros_(model.classifier.out_proj.weight)
    assert model(waveforms(), labels=labels).loss.item() == pytest.approx(expected, abs=1e-3)
