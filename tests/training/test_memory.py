"""Less memory for the same training: activations computed again, and batches that fit."""

from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_corpus import FRONT_END, TRAIN, TinyCorpus
from torch.autograd.graph import saved_tensors_hooks

from auricle.models.bundle import open_bundle
from auricle.models.params import CnnParams, HybridParams, ModelParams, ResnetParams
from auricle.models.registry import build_model, load_deep
from auricle.training import trainer
from auricle.training.batch_fit import fitting, trial_step

KINDS = {
    "cnn": CnnParams(channels=(4, 8), hidden_size=16, embedding_size=8),
    "hybrid": HybridParams(channels=(4, 8), lstm_size=8, embedding_size=8),
    "resnet": ResnetParams(base_channels=8, blocks=(2, 2), attention_reduction=4, embedding_size=8),
}
CPU = torch.device("cpu")


def config_of(kind: str) -> Any:
    return ModelParams(KINDS[kind]).root.config(
        n_bands=FRONT_END.n_mels, vocabulary="abc", window_frames=16, hop_frames=8
    )


def kept_bytes(model: Any) -> int:
    """What a pass keeps for the way back."""
    found: list[int] = []

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        found.append(tensor.numel() * tensor.element_size())
        return tensor

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        model(torch.rand(8, FRONT_END.n_mels, 64), labels=torch.zeros(8, dtype=torch.long))
    return sum(found)


@pytest.mark.parametrize("kind", KINDS)
class TestGradientCheckpointing:
    def test_keeps_less(self, kind: str) -> None:
        torch.manual_seed(0)
        model = build_model(config_of(kind)).train()
        whole = kept_bytes(model)
        model.activation_checkpointing_enable({"use_reentrant": False})
        assert kept_bytes(model) < 0.6 * whole

    def test_ends_at_the_same_weights_and_statistics(
        self, corpus: TinyCorpus, workdir: Path, kind: str
    ) -> None:
        states = []
        for on in (False, True):
            params = TRAIN.model_copy(update={"epochs": 2, "gradient_checkpointing": on})
            draft = corpus.fit(workdir / str(on), params, model=KINDS[kind])
            states.append(load_deep(open_bundle(draft.path)).state_dict())
        for name, value in states[0].items():
            torch.testing.assert_close(states[1][name], value, atol=1e-5, rtol=1e-4, msg=name)


def memory_for(most: int) -> Any:
    """A step that fails as CUDA does where the batch is larger."""
    tried: list[int] = []

    def step(size: int) -> None:
        tried.append(size)
        if size > most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB")

    return step, tried


class TestBatchesThatFit:
    def test_are_halved_until_they_do_and_make_up_the_same_step(self) -> None:
        step, tried = memory_for(5)
        found = fitting(TRAIN.model_copy(update={"batch_size": 16}), step, CPU)
        assert tried == [16, 8, 4]
        assert (found.batch_size, found.gradient_accumulation_steps) == (4, 4)

    @pytest.mark.parametrize(("batch", "most", "found"), [(9, 5, (3, 3)), (10, 4, (2, 5)), (12, 7, (6, 2))])
    def test_share_a_step_evenly(self, batch: int, most: int, found: tuple[int, int]) -> None:
        params = fitting(TRAIN.model_copy(update={"batch_size": batch}), memory_for(most)[0], CPU)
        assert (params.batch_size, params.gradient_accumulation_steps) == found

    def test_are_left_as_they_are_where_they_fit(self) -> None:
        step, tried = memory_for(100)
        assert fitting(TRAIN, step, CPU) is TRAIN
        assert tried == [TRAIN.batch_size]

    def test_below_two_crops_there_is_nothing_to_halve(self) -> None:
        step, _ = memory_for(1)
        with pytest.raises(torch.OutOfMemoryError):
            fitting(TRAIN, step, CPU)

    def test_another_error_is_not_hidden(self) -> None:
        def step(size: int) -> None:
            raise RuntimeError("shapes do not match")

        with pytest.raises(RuntimeError, match="shapes do not match"):
            fitting(TRAIN, step, CPU)

    @pytest.mark.parametrize("kind", KINDS)
    def test_the_trial_is_a_step_of_the_model_itself(self, kind: str) -> None:
        trial_step(config_of(kind), TRAIN, 16, CPU, "float32")(4)

    def test_train_in_full(self, corpus: TinyCorpus, workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(trainer, "trial_step", lambda *args: memory_for(3)[0])
        made: list[Any] = []
        original = trainer.trainer_arguments
        monkeypatch.setattr(
            trainer, "trainer_arguments", lambda *a, **k: made.append(original(*a, **k)) or made[-1]
        )
        corpus.fit(workdir, TRAIN.model_copy(update={"epochs": 1, "find_batch_size": True}))
        assert made[0].per_device_train_batch_size == 2
        assert made[0].gradient_accumulation_steps == 2
