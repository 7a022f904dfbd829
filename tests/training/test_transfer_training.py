"""A pretrained encoder in training: begun from its weights, at a rate of its own."""

from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_corpus import TRAIN, TinyCorpus
from transformers import ResNetConfig, ResNetModel

from auricle.models.bundle import open_bundle
from auricle.models.params import TransferParams
from auricle.models.registry import load_deep
from auricle.training import trainer


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(1)
    folder = tmp_path_factory.mktemp("encoder") / "tiny-resnet"
    config = ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic")
    ResNetModel(config).save_pretrained(folder)
    return folder


def moved(bundle: Path, encoder: Path) -> float:
    """How far the encoder's convolutions went from where they began."""
    model: Any = load_deep(open_bundle(bundle))
    began = ResNetModel.from_pretrained(encoder).state_dict()
    return sum(
        float((value - began[name]).norm())
        for name, value in model.backbone.state_dict().items()
        if name.endswith("convolution.weight")
    )


def test_the_encoder_learns_as_fast_as_it_is_told_to(
    corpus: TinyCorpus, encoder: Path, workdir: Path
) -> None:
    distances = [
        moved(corpus.fit(workdir / name, model=TransferParams(backbone=str(encoder), **params)).path, encoder)
        for name, params in {
            "frozen": {"frozen": True},
            "slow": {"backbone_rate": 0.01},
            "fast": {"backbone_rate": 1.0},
        }.items()
    ]
    assert distances[0] == 0
    assert 0 < distances[1] < 0.2 * distances[2]


def test_rates_are_halved_together_and_the_head_is_logged(
    corpus: TinyCorpus, encoder: Path, workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[torch.optim.Optimizer] = []
    original = trainer.RecordingTrainer.create_optimizer
    monkeypatch.setattr(
        trainer.RecordingTrainer,
        "create_optimizer",
        lambda self, *args: made.append(original(self, *args)) or made[-1],
    )
    params = TRAIN.model_copy(
        update={"epochs": 20, "plateau_patience": 0, "early_stopping_patience": 8, "shuffle_labels": True}
    )
    draft = corpus.fit(workdir, params, model=TransferParams(backbone=str(encoder), backbone_rate=0.5))
    history = open_bundle(draft.path).training["history"]
    assert history[0]["learning_rate"] == pytest.approx(TRAIN.learning_rate)
    assert history[-1]["learning_rate"] < TRAIN.learning_rate
    rates = [group["lr"] for group in made[0].param_groups]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == pytest.approx(0.5 * rates[0])
    trained = sum(len(group["params"]) for group in made[0].param_groups)
    assert trained == sum(1 for _ in load_deep(open_bundle(draft.path)).parameters())
