"""Encoders in ONNX: heard as they were trained, kept whole in the bundle, refused with a reason."""

import copy
import pickle
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from safetensors.torch import load_file, save_file

from auricle.audio.frontend import FrontEndParams, LogMelFrontEnd
from auricle.errors import BundleError, ConfigurationError, MissingPackageError
from auricle.models.bundle import seal
from auricle.models.params import TransferParams
from auricle.models.registry import build_model, load_deep
from auricle.models.windows import WindowParams, predict_windows
from auricle.training.checks import check_architecture
from tiny_vggish import FRONT_END, TinyVggish, seeded, tiny_vggish

BANDS, FRAMES = 64, 150
KINDS: dict[str, dict[str, Any]] = {
    "of VGGish": {},
    "without a channel": {"channel": False},
    "one at once": {"batch": 1},
    "three at once": {"batch": 3},
    "with external data": {"external": True},
    "of YAMNet": {"width": 1024, "yamnet": True, "channel": False},
}


@pytest.fixture(scope="module", params=KINDS, ids=str)
def encoder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A folder with an encoder, and the module that it was exported from."""
    folder = tmp_path_factory.mktemp("encoder")
    return folder, tiny_vggish(folder / "tiny.onnx", **KINDS[request.param])


@pytest.fixture(scope="module")
def vggish(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vggish")
    tiny_vggish(folder / "tiny.onnx")
    return folder


def params_of(backbone: Path | str, **params: Any) -> TransferParams:
    return TransferParams(backbone=str(backbone), dropout=0.0, **{"frozen": True, **params})


def config_of(params: TransferParams, **changes: Any) -> Any:
    settings = {"n_bands": BANDS, "window_frames": FRAMES, "hop_frames": FRAMES} | changes
    return params.config(vocabulary="abc", **settings)


def model_of(backbone: Path, *, begin: bool = True, **params: Any) -> Any:
    torch.manual_seed(0)
    chosen = params_of(backbone, **params)
    model: Any = build_model(config_of(chosen))
    model.classifier.weight.data.normal_()
    if begin:
        chosen.begin(model)
    return model


def spectrograms(frames: int = FRAMES) -> torch.Tensor:
    return torch.rand(4, BANDS, frames, generator=torch.Generator().manual_seed(0)) * 80 - 60


def said_by(module: TinyVggish, decibels: torch.Tensor, offset: float) -> torch.Tensor:
    """What torch makes of one patch (bands, 96) in dB."""
    patch = torch.log(10 ** (decibels.T / 20) + offset)[None]
    with torch.inference_mode():
        said = module(patch[None] if module.channel else patch)
    return said[1] if module.yamnet else said


class TestWhatItHears:
    def test_is_what_the_exported_module_says_of_patches_over_the_whole_clip(self, encoder: Any) -> None:
        folder, module = encoder
        offset = 0.001 if module.yamnet else 0.01
        batch = spectrograms(FRAMES)
        with torch.inference_mode():
            embeddings = model_of(folder).eval()(batch).embeddings
        for clip, found in zip(batch, embeddings, strict=True):
            patches = [clip[:, :96], clip[:, FRAMES - 96 :]]
            expected = torch.cat([said_by(module, patch, offset) for patch in patches]).mean(dim=0)
            torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)

    def test_a_padded_clip_gives_what_it_gives_alone(self, encoder: Any) -> None:
        model, batch = model_of(encoder[0]).eval(), spectrograms(300)
        lengths = torch.tensor([300, 193, 97, 40])
        with torch.inference_mode():
            together = model(batch, lengths=lengths).logits
            for clip, length, logits in zip(batch, lengths, together, strict=True):
                alone = model(clip[None, :, :length]).logits[0]
                torch.testing.assert_close(logits, alone, atol=1e-5, rtol=1e-5)

    def test_less_than_a_patch_is_followed_by_silence(self, vggish: Path) -> None:
        model, clip = model_of(vggish).eval(), spectrograms(40)[:1]
        silent = torch.cat([clip, torch.full((1, BANDS, 56), -100.0)], dim=2)
        with torch.inference_mode():
            torch.testing.assert_close(model(clip).logits, model(silent).logits)

    def test_of_a_waveform_is_the_published_formula(self, vggish: Path) -> None:
        from transformers.audio_utils import mel_filter_bank

        waveform = np.random.default_rng(0).normal(0, 0.1, 95 * 160).astype(np.float32)
        padded = np.concatenate([np.zeros(200), waveform, np.zeros(400)])
        hann = 0.5 - 0.5 * np.cos(2 * np.pi / 400 * np.arange(400))
        frames = np.stack([padded[start : start + 400] * hann for start in np.arange(96) * 160])
        mel = mel_filter_bank(257, 64, 125, 7500, 16_000, mel_scale="htk", triangularize_in_mel_space=True)
        log_mel = np.log(np.abs(np.fft.rfft(frames, 512)) @ mel + 0.01)
        module = seeded()
        with torch.inference_mode():
            expected = module(torch.from_numpy(log_mel).float()[None, None])[0]
            spectrogram = LogMelFrontEnd(FrontEndParams(**FRONT_END))(waveform)
            found = model_of(vggish).eval()(torch.from_numpy(spectrogram)[None]).embeddings[0]
        assert spectrogram.shape == (64, 96)
        torch.testing.assert_close(found, expected, atol=2e-3, rtol=2e-3)

    def test_the_offset_may_be_said(self, vggish: Path) -> None:
        batch = spectrograms()
        with torch.inference_mode():
            one, other = (
                model_of(vggish, log_offset=offset).eval()(batch).embeddings for offset in (0.01, 1.0)
            )
            assert torch.equal(one, model_of(vggish).eval()(batch).embeddings)
        assert not torch.allclose(one, other, atol=1e-2)

    def test_the_embedding_is_found_among_outputs(self, tmp_path: Path) -> None:
        tiny_vggish(tmp_path / "yamnet.onnx", yamnet=True, width=32, names=["scores", "embeddings"])
        settings = params_of(tmp_path).settings()["backbone_settings"]
        assert (settings["output"], settings["width"]) == ("embeddings", 32)
        chosen = params_of(tmp_path, output="scores").settings()["backbone_settings"]
        assert (chosen["output"], chosen["width"]) == ("scores", 521)

    def test_with_as_many_threads_as_torch(self, vggish: Path) -> None:
        model = model_of(vggish)
        model.ready()
        options = model.backbone._session.get_session_options()
        assert options.intra_op_num_threads == torch.get_num_threads()


class TestInTraining:
    def test_learns_by_its_head_alone(self, vggish: Path) -> None:
        model = model_of(vggish).train()
        before = model.backbone.graph.clone()
        model(spectrograms(), labels=torch.tensor([0, 1, 2, 0])).loss.backward()
        learned = {name for name, value in model.named_parameters() if value.grad is not None}
        assert learned == {"classifier.weight", "classifier.bias"}
        assert torch.equal(model.backbone.graph, before)

    def test_is_checked_without_weights(self, vggish: Path) -> None:
        chosen, front_end = params_of(vggish), LogMelFrontEnd(FrontEndParams(**FRONT_END))
        network = check_architecture(chosen, front_end, WindowParams(), None)
        assert next(network.parameters()).is_meta

    def test_copies_and_pickles_say_the_same(self, vggish: Path) -> None:
        model, batch = model_of(vggish).eval(), spectrograms()
        with torch.inference_mode():
            expected = model(batch).logits
            for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
                assert torch.equal(other(batch).logits, expected)

    def test_is_explained_by_when(self, vggish: Path) -> None:
        from auricle.explanation.gradcam import explain_window

        window = spectrograms(200)[0].numpy()
        heat = explain_window(model_of(vggish).eval(), window, 150, 1, torch.device("cpu")).heat
        assert heat.shape == (BANDS, 200)
        assert np.array_equal(heat, np.broadcast_to(heat[:1], heat.shape))
        assert not heat[:, 150:].any()


class TestBundle:
    @pytest.fixture
    def bundle(self, vggish: Path, tmp_path: Path) -> Iterator[Path]:
        path = tmp_path / "bundle"
        model_of(vggish).save_pretrained(path)
        (path / "preprocessor_config.json").write_text("{}")
        (path / "training.json").write_text("{}")
        seal(path)
        return path

    def test_needs_neither_the_file_nor_onnx(
        self, encoder: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        model, window = model_of(encoder[0]).eval(), spectrograms()[0].numpy()
        model.save_pretrained(tmp_path)
        for name in ("preprocessor_config.json", "training.json"):
            (tmp_path / name).write_text("{}")
        assert str(encoder[0]) not in (tmp_path / "config.json").read_text()
        monkeypatch.setitem(sys.modules, "onnx", None)
        loaded = load_deep(seal(tmp_path))
        found, expected = (predict_windows(each, window, FRAMES, FRAMES) for each in (loaded, model))
        assert np.array_equal(found.probabilities, expected.probabilities)

    def test_without_onnx_runtime_says_what_to_install(
        self, bundle: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "onnxruntime", None)
        with pytest.raises(BundleError, match=r"needs onnxruntime, which is not installed.*extra 'onnx'"):
            load_deep(seal(bundle))

    def test_another_encoder_in_it_is_refused_though_the_seal_is_whole(self, bundle: Path) -> None:
        state = load_file(bundle / "model.safetensors")
        state["backbone.graph"][100] ^= 1
        save_file(state, bundle / "model.safetensors", metadata={"format": "pt"})
        with pytest.raises(BundleError, match="its SHA-256 is another than"):
            load_deep(seal(bundle))


class TestRefusals:
    def test_fine_tuning(self, vggish: Path) -> None:
        with pytest.raises(ConfigurationError, match=r"no gradients.*Set frozen: true"):
            config_of(params_of(vggish, frozen=False))

    def test_another_front_end_by_each_parameter(self, vggish: Path) -> None:
        front_end = FrontEndParams(**{**FRONT_END, "fmin": 0.0, "top_db": 80.0})
        with pytest.raises(
            ConfigurationError,
            match=r"this with fmin 0.0, top_db 80.0\. Set front_end: \{fmin: 125.0, top_db: 120.0\}",
        ):
            check_architecture(params_of(vggish), LogMelFrontEnd(front_end), WindowParams(), None)
        with pytest.raises(ConfigurationError, match=r"kind: vggish, sample_rate: 16000, n_fft: 512"):
            check_architecture(params_of(vggish), LogMelFrontEnd(FrontEndParams()), WindowParams(), None)

    def test_windows_below_a_patch(self, vggish: Path) -> None:
        with pytest.raises(ConfigurationError, match="hears 96 frames at a time, and a window has 95"):
            config_of(params_of(vggish), window_frames=95, hop_frames=95)

    @pytest.mark.parametrize("missing", ["onnx", "onnxruntime"])
    def test_a_missing_package(
        self, missing: str, vggish: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shutil.copy(vggish / "tiny.onnx", tmp_path)
        monkeypatch.setitem(sys.modules, missing, None)
        with pytest.raises(MissingPackageError, match=f"needs {missing}, which is not installed"):
            params_of(tmp_path).settings()

    def test_an_encoder_of_waveforms(self, tmp_path: Path) -> None:
        graph(tmp_path / "yamnet.onnx", ["samples"])
        with pytest.raises(ConfigurationError, match=r"That is a waveform.*from their log-mel patches"):
            params_of(tmp_path).settings()

    def test_patches_of_another_size(self, tmp_path: Path) -> None:
        graph(tmp_path / "other.onnx", ["n", 100, 40])
        with pytest.raises(ConfigurationError, match=r"\['n', 100, 40\], not patches of log-mel"):
            params_of(tmp_path).settings()

    def test_outputs_of_which_none_is_known(self, tmp_path: Path) -> None:
        tiny_vggish(tmp_path / "two.onnx", yamnet=True, width=32, names=["one", "other"])
        with pytest.raises(ConfigurationError, match=r"outputs one of 521, other of 32\. Name the one"):
            params_of(tmp_path).settings()
        with pytest.raises(ConfigurationError, match="has no output 'third' with one row a patch, but one"):
            params_of(tmp_path, output="third").settings()

    def test_external_data_that_is_not_there(self, tmp_path: Path) -> None:
        tiny_vggish(tmp_path / "tiny.onnx", external=True)
        (tmp_path / "tiny.onnx.data").unlink()
        with pytest.raises(ConfigurationError, match="external data beside it"):
            params_of(tmp_path).settings()

    def test_a_damaged_file(self, tmp_path: Path) -> None:
        (tmp_path / "tiny.onnx").write_bytes(b"no protobuf at all")
        with pytest.raises(ConfigurationError, match="cannot be read as ONNX"):
            params_of(tmp_path).settings()

    def test_files_and_folders_that_do_not_say_which(self, vggish: Path, tmp_path: Path) -> None:
        for name in ("one.onnx", "two.onnx"):
            (tmp_path / name).write_bytes((vggish / "tiny.onnx").read_bytes())
        with pytest.raises(ConfigurationError, match=r"holds one\.onnx, two\.onnx\. Name one"):
            params_of(tmp_path).settings()
        assert params_of(tmp_path / "two.onnx").settings()["backbone_name"] == "two.onnx"
        with pytest.raises(ConfigurationError, match="is a file that does not exist"):
            params_of(tmp_path / "three.onnx").settings()
        with pytest.raises(ConfigurationError, match=r"no revision 'main'\. Leave revision out"):
            params_of(vggish, revision="main").settings()

    def test_a_hub_that_cannot_be_reached_says_how_to_supply_the_file(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
        with pytest.raises(ConfigurationError, match=r"(?s)cannot be had.*download auricle/none vggish"):
            params_of("auricle/none/vggish.onnx").settings()

    def test_from_the_hub_with_its_external_data(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: dict[str, Any] = {}
        tiny_vggish(tmp_path / "tiny.onnx", external=True)

        def download(repository: str, **kwargs: Any) -> str:
            asked.update(kwargs, repository=repository)
            return str(tmp_path)

        monkeypatch.setattr("huggingface_hub.snapshot_download", download)
        assert (
            params_of("some/vggish/tiny.onnx", revision="abc").settings()["backbone_settings"]["width"] == 128
        )
        assert (asked["repository"], asked["revision"]) == ("some/vggish", "abc")
        assert asked["allow_patterns"] == ["tiny.onnx", "tiny.onnx_data*", "tiny.onnx.data*"]


def graph(file: Path, shape: list[Any]) -> None:
    """A graph that takes such input and returns it."""
    values = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name in ("in", "out")
    ]
    node = onnx.helper.make_node("Identity", ["in"], ["out"])
    made = onnx.helper.make_graph([node], "graph", values[:1], values[1:])
    opset = onnx.helper.make_opsetid("", 18)
    onnx.save(onnx.helper.make_model(made, opset_imports=[opset], ir_version=10), file)
