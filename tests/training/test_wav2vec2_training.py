"""A speech encoder in training: it thaws, goes on after a kill as it would have, learns by adapters."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch
from transformers import Wav2Vec2Config, Wav2Vec2Model

from auricle.audio import waveform_shards
from auricle.audio.limits import AudioLimits
from auricle.audio.waveform_front_end import WaveformParams
from auricle.audio.waveform_shards import make_shards
from auricle.audio.waveform_store import WaveformStore, commit
from auricle.checks import check_deep_model
from auricle.corpora.labels import MULTI, LabelParams
from auricle.errors import ConfigurationError
from auricle.inference.classifier import AudioClassifier
from auricle.models.bundle import BundleRef, open_bundle
from auricle.models.params import Wav2Vec2Params, WindowParams
from auricle.models.registry import load_deep
from auricle.training import trainer
from auricle.training.deep import fit_deep
from auricle.training.params import TrainParams
from tiny_speech import GEOMETRY

RATE = 16_000
PITCHES = {"low": 200.0, "middle": 800.0, "high": 3200.0}
THREE_LAYERS = GEOMETRY | {"conv_kernel": (20, 16), "conv_stride": (10, 8), "num_hidden_layers": 3}
TRAIN = TrainParams.model_validate(
    {
        "epochs": 4,
        "batch_size": 4,
        "learning_rate": 0.01,
        "schedule": "linear",
        "warmup_share": 0.25,
        "batches_by_length": True,
        "class_weights": False,
        "device": "cpu",
        "precision": "float32",
        "save_every_steps": 2,
    }
)
STEPS_PER_EPOCH = 3


@dataclass(frozen=True)
class Tones:
    """Short recordings of a tone in noise, whose pitch is the label."""

    folder: Path
    manifest: pd.DataFrame

    def fit(
        self, workdir: Path, params: TrainParams = TRAIN, labels: LabelParams | None = None, **model: Any
    ) -> Any:
        front_end = WaveformParams().make()
        store: Any = WaveformStore.open(self.folder, front_end.digest)
        window = WindowParams(window_seconds=0.3, hop_seconds=0.3, batch_size=4)
        network = Wav2Vec2Params.model_validate(model)
        return fit_deep(self.manifest, store, front_end, network, params, window, workdir, labels)


@pytest.fixture(scope="module")
def tones(tmp_path_factory: pytest.TempPathFactory) -> Tones:
    folder, rng = tmp_path_factory.mktemp("tones"), np.random.default_rng(0)
    rows = []
    for label, pitch in PITCHES.items():
        for number in range(6):
            samples = np.arange(int(rng.integers(3000, 5000)))
            heard = 0.3 * np.sin(2 * np.pi * pitch * samples / RATE) + 0.1 * rng.standard_normal(len(samples))
            name = f"{label}{number}"
            soundfile.write(folder / f"{name}.wav", heard.astype(np.float32), RATE)
            rows.append(
                {
                    "recording_id": name,
                    "path": f"{name}.wav",
                    "label": label,
                    "labels": [label] if label == "low" else [label, "not low"],
                    "group": name,
                    "split": ("validation", "test", "train")[min(number, 2)],
                    "fold": -1,
                    "status": "ok",
                    "reason": None,
                }
            )

    def mapped(
        function: Callable[[Path], Any], items: Iterable[Path], **_: Any
    ) -> Iterator[tuple[Path, Any]]:
        yield from ((item, function(item)) for item in items)

    front_end = WaveformParams().make()
    paths = {row["recording_id"]: row["path"] for row in rows}
    with (
        pytest.MonkeyPatch.context() as patch,
        WaveformStore.open(folder, front_end.digest, mode="a") as made,
    ):
        patch.setattr(waveform_shards, "map_isolated", mapped)
        for shard in make_shards(made, front_end, folder, paths, AudioLimits(), workers=1):
            commit(shard.path, made.folder)
    return Tones(folder, pd.DataFrame(rows))


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("encoder") / "tiny"
    torch.manual_seed(1)
    normed = {"feat_extract_norm": "layer", "conv_bias": True, "do_stable_layer_norm": True}
    config: Any = THREE_LAYERS | normed
    Wav2Vec2Model(Wav2Vec2Config(**config)).save_pretrained(folder)
    return folder


class KilledError(Exception):
    """Stands for a kill: nothing of the training handles it."""


def watched(patch: pytest.MonkeyPatch, kill_before: int | None = None) -> list[set[int]]:
    """At each step from now on, which layers of the encoder learn; ends before a step that is given."""
    seen: list[set[int]] = []
    original = trainer.RecordingTrainer.training_step

    def training_step(self: Any, model: Any, *args: Any, **options: Any) -> Any:
        if len(seen) == kill_before:
            raise KilledError
        layers = enumerate(model.encoder.encoder.layers)
        seen.append({place for place, layer in layers if next(layer.parameters()).requires_grad})
        return original(self, model, *args, **options)

    patch.setattr(trainer.RecordingTrainer, "training_step", training_step)
    return seen


def test_thaws_by_the_epoch_and_goes_on_after_a_kill_as_it_would_have(tones: Tones, tmp_path: Path) -> None:
    model: dict[str, Any] = {"tiny": THREE_LAYERS, "gradual_unfreezing": 1}
    with pytest.MonkeyPatch.context() as patch:
        seen = watched(patch)
        whole = tones.fit(tmp_path / "whole", **model)
    expected = [set(range(3 - epoch, 3)) for epoch in range(4) for _ in range(STEPS_PER_EPOCH)]
    assert seen == expected

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KilledError):
        watched(patch, kill_before=8)
        tones.fit(tmp_path / "killed", **model)
    with pytest.MonkeyPatch.context() as patch:
        seen = watched(patch)
        resumed = tones.fit(tmp_path / "killed", **model)
    assert seen == expected[8:]
    weights = [(bundle.path / "model.safetensors").read_bytes() for bundle in (whole, resumed)]
    assert weights[0] == weights[1]


def test_what_a_bundle_holds_of_adapters_is_what_they_have_learned(
    tones: Tones, encoder: Path, tmp_path: Path
) -> None:
    pytest.importorskip("peft")
    drafts = [
        tones.fit(tmp_path / name, encoder=str(encoder), lora={"rank": 2, "dropout": 0.0}, **more)
        for name, more in {"some": {}, "more": {"final_dropout": 0.0}}.items()
    ]
    began = Wav2Vec2Model.from_pretrained(encoder).state_dict()
    for draft in drafts:
        model: Any = load_deep(open_bundle(draft.path))
        state = model.encoder.state_dict()
        assert state.keys() == began.keys()
        moved = {name for name, value in state.items() if not torch.equal(value, began[name])}
        assert "encoder.layers.0.attention.q_proj.weight" in moved
        assert all("attention" in name and name.endswith("proj.weight") for name in moved)
        assert model.config.lora is None


def test_the_rate_rises_and_falls_along_straight_lines(tones: Tones, tmp_path: Path) -> None:
    rates: list[float] = []
    original = trainer.RecordingTrainer.training_step

    def training_step(self: Any, *args: Any, **options: Any) -> Any:
        rates.append(float(self.optimizer.param_groups[0]["lr"]))
        return original(self, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer.RecordingTrainer, "training_step", training_step)
        tones.fit(tmp_path, tiny=THREE_LAYERS)
    rising, falling = [0, 1 / 3, 2 / 3], [1 - step / 9 for step in range(9)]
    assert rates == pytest.approx([0.01 * share for share in (*rising, *falling)])


def test_an_encoder_is_named_where_it_heard_otherwise(encoder: Path) -> None:
    model = {"kind": "wav2vec2", "encoder": str(encoder)}
    windows = {"window_seconds": 0.3, "hop_seconds": 0.3}
    with pytest.raises(ConfigurationError, match=r"^encoder .*tiny. was trained behind .*Set waveforms: "):
        check_deep_model(model, {}, windows, WaveformParams(sample_rate=8000))


def test_several_processes_do_not_thaw() -> None:
    model = {"kind": "wav2vec2", "tiny": THREE_LAYERS, "gradual_unfreezing": 1}
    windows = {"window_seconds": 0.3, "hop_seconds": 0.3}
    with pytest.raises(ConfigurationError, match="gradual_unfreezing is for one process, and processes is 2"):
        check_deep_model(model, {"processes": 2}, windows, WaveformParams())


@pytest.fixture(scope="module")
def several(tones: Tones, tmp_path_factory: pytest.TempPathFactory) -> BundleRef:
    params = TRAIN.model_copy(update={"epochs": 8, "early_stopping_patience": 8, "best_metric": "macro_f1"})
    labels = LabelParams(problem_type=MULTI)
    workdir = tmp_path_factory.mktemp("several")
    return open_bundle(tones.fit(workdir, params, labels, tiny=THREE_LAYERS).path)


class TestSeveralLabels:
    def test_keeps_thresholds_and_weights_in_the_bundle(self, several: BundleRef) -> None:
        assert several.vocabulary == ("high", "low", "middle", "not low")
        assert several.config["problem_type"] == MULTI
        assert several.config["class_weights"] == pytest.approx([2, 2, 2, 0.5])
        assert all(0 < threshold < 1 for threshold in several.config["thresholds"])
        history = several.training["history"]
        assert {"mean_average_precision", "macro_f1"} <= history[0].keys()
        assert "accuracy" not in history[0]

    def test_learns_what_the_pitch_tells(self, several: BundleRef) -> None:
        scores = [entry["mean_average_precision"] for entry in several.training["history"]]
        assert max(scores) > 0.9

    def test_predicts_each_label_from_its_threshold_on(self, tones: Tones, several: BundleRef) -> None:
        classifier = AudioClassifier(several, device="cpu")
        thresholds = dict(zip(several.vocabulary, several.config["thresholds"], strict=True))
        sums = []
        for label in PITCHES:
            said = classifier.predict(tones.folder / f"{label}1.wav")
            above = {name for name, value in said.probabilities.items() if value >= thresholds[name]}
            assert set(said.predicted_genres) == above
            sums.append(sum(said.probabilities.values()))
        assert np.abs(np.array(sums) - 1).max() > 0.01  # each by itself: they need not add up to one
