"""A speech encoder with pooling and head: padding, pooling, what learns, what is refused."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from auricle.models.wav2vec2.params import Wav2Vec2Params

POOLINGS = ("mean", "sum", "max", "attention")
LABELS = torch.tensor([0, 1, 2, 0])
SAMPLES = 4000


def waveforms(count: int = 4, samples: int = SAMPLES, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, 1, samples, generator=torch.Generator().manual_seed(seed))


def trained(model: Any, steps: int = 5) -> Any:
    """The model after some steps, so that nothing is what it was initialized to."""
    optimizer = torch.optim.AdamW(model.train().parameters(), lr=1e-2)
    for step in range(steps):
        optimizer.zero_grad()
        model(waveforms(seed=step), labels=LABELS).loss.backward()
        optimizer.step()
    return model.eval()


def test_starts_from_the_loss_of_knowing_nothing(small_model: Callable[..., Any]) -> None:
    loss = small_model("wav2vec2").train()(waveforms(), labels=LABELS).loss
    assert loss.item() == pytest.approx(math.log(3), abs=0.05)


def test_learns_a_batch_by_heart(small_model: Callable[..., Any]) -> None:
    model = small_model("wav2vec2", final_dropout=0.0, pooling="max")
    pitches = torch.tensor([0.05, 0.2, 0.8, 0.05])
    tones = torch.sin(torch.arange(SAMPLES) * pitches[:, None])[:, None]
    optimizer = torch.optim.AdamW(model.train().parameters(), lr=1e-2)
    for _ in range(60):
        optimizer.zero_grad()
        loss = model(tones, labels=LABELS).loss
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.2


@pytest.mark.parametrize("weighted_layers", [False, True])
@pytest.mark.parametrize("pooling", POOLINGS)
class TestPooling:
    def test_hears_real_frames_only(
        self, small_model: Callable[..., Any], pooling: str, weighted_layers: bool
    ) -> None:
        model = trained(small_model("wav2vec2", pooling=pooling, weighted_layers=weighted_layers))
        batch, lengths = waveforms(), [4000, 3999, 1234, 25]
        for clip, length in zip(batch, lengths, strict=True):
            clip[:, length:] = 0.0
        with torch.inference_mode():
            padded = model(batch, lengths=torch.tensor(lengths))
            for index, length in enumerate(lengths):
                alone = model(batch[index : index + 1, :, :length])
                torch.testing.assert_close(alone.logits[0], padded.logits[index], atol=1e-5, rtol=0)
                torch.testing.assert_close(alone.embeddings[0], padded.embeddings[index], atol=1e-5, rtol=0)
            assert (model(batch).logits - padded.logits)[2:].abs().max() > 1e-4

    def test_gives_every_parameter_a_gradient(
        self, small_model: Callable[..., Any], pooling: str, weighted_layers: bool
    ) -> None:
        model = trained(small_model("wav2vec2", pooling=pooling, weighted_layers=weighted_layers)).train()
        model.zero_grad()
        model(waveforms(), labels=LABELS).loss.backward()
        assert [name for name, value in model.named_parameters() if value.grad is None] == []


@pytest.mark.parametrize("seconds", [0.25, 0.5, 3.0])
def test_masks_the_share_that_is_asked_for_of_short_clips_too(seconds: float) -> None:
    from transformers.models.wav2vec2.modeling_wav2vec2 import _compute_mask_indices

    told = Wav2Vec2Params(mask_time_prob=0.1).settings()["encoder_settings"]
    frames, real = 150, int(50 * seconds)
    attention = torch.arange(frames)[None, :].expand(4, -1) < real
    names = ("mask_time_prob", "mask_time_length")
    np.random.seed(0)  # transformers draws from the global generator, once for a batch
    masked = [
        _compute_mask_indices(
            (4, frames), *(told[name] for name in names), attention, told["mask_time_min_masks"]
        )
        for _ in range(1000)
    ]
    assert np.mean(masked, axis=(0, 1))[:real].mean() == pytest.approx(0.1, abs=0.03)


def test_layers_to_weigh_must_all_be_there() -> None:
    with pytest.raises(ValidationError, match=r"weighted_layers weighs all layers, and layerdrop 0\.1"):
        Wav2Vec2Params(weighted_layers=True, layerdrop=0.1)


def plainly_pooled(kind: str, values: list[float], scores: list[float]) -> float:
    """One feature of one clip, by its values in real frames and, for attention, by their scores."""
    if kind == "max":
        highest = values[0]
        for value in values[1:]:
            highest = value if value > highest else highest
        return highest
    weights = [math.exp(score) for score in scores] if kind == "attention" else [1.0] * len(values)
    total = 0.0
    for weight, value in zip(weights, values, strict=True):
        total += weight * value
    return total if kind == "sum" else total / sum(weights)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_pooling_does_what_a_loop_does(small_model: Callable[..., Any], pooling: str) -> None:
    pool = trained(small_model("wav2vec2", pooling=pooling)).pooling
    frames = torch.randn(3, 7, 16, generator=torch.Generator().manual_seed(1))
    lengths = torch.tensor([7, 4, 1])
    real = torch.arange(7)[None, :] < lengths[:, None]
    with torch.inference_mode():
        pooled, weights = pool(frames, real)
        scores = pool.scores(frames)[:, :, 0] if pooling == "attention" else torch.zeros(3, 7)
    for clip, length in enumerate(lengths.tolist()):
        for feature in range(16):
            expected = plainly_pooled(
                pooling, frames[clip, :length, feature].tolist(), scores[clip, :length].tolist()
            )
            assert float(pooled[clip, feature]) == pytest.approx(expected, abs=1e-5)
    if weights is not None:
        torch.testing.assert_close(weights.sum(dim=1), torch.ones(3))
        assert not weights[~real].any()
