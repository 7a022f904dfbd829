"""Weights of classes, the focal loss and the one cycle of the rate, each beside its definition."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch.nn import functional

from auricle.models.config import SpectrogramModelConfig
from auricle.models.outputs import classification_loss
from auricle.training.params import TrainParams
from auricle.training.schedule import one_cycle
from auricle.training.vocabulary import effective_weights, loss_weights

LOGITS = torch.tensor([[2.0, 0.0, -1.0], [0.1, 0.2, 0.3], [-3.0, 1.0, 4.0], [0.0, 0.0, 0.0]])
TRUTH = torch.tensor([0, 1, 0, 2])


def config(**values: object) -> SpectrogramModelConfig:
    return SpectrogramModelConfig(id2label={0: "a", 1: "b", 2: "c"}, **values)


class TestFocalLoss:
    def test_is_the_sum_of_its_definition(self) -> None:
        weights = [0.5, 2.0, 1.0]
        of_truth = LOGITS.softmax(dim=1)[torch.arange(4), TRUTH]
        weighed = torch.tensor(weights)[TRUTH]
        expected = (weighed * (1 - of_truth) ** 2 * -of_truth.log()).sum() / weighed.sum()
        found = classification_loss(LOGITS, TRUTH, config(focal_gamma=2.0, class_weights=weights))
        torch.testing.assert_close(found, expected)

    def test_of_gamma_near_0_is_the_cross_entropy(self) -> None:
        plain = functional.cross_entropy(LOGITS, TRUTH)
        torch.testing.assert_close(classification_loss(LOGITS, TRUTH, config(focal_gamma=1e-7)), plain)
        torch.testing.assert_close(classification_loss(LOGITS, TRUTH, config()), plain)

    def test_takes_shares_of_a_mix(self) -> None:
        shares = functional.one_hot(TRUTH, 3).float()
        torch.testing.assert_close(
            classification_loss(LOGITS, shares, config(focal_gamma=2.0)),
            classification_loss(LOGITS, TRUTH, config(focal_gamma=2.0)),
        )

    def test_spares_sure_answers(self) -> None:
        sure, unsure = torch.tensor([[4.0, 0, 0]]), torch.tensor([[0.5, 0, 0]])
        truth = torch.tensor([0])

        def ratio(gamma: float) -> float:
            of = [float(classification_loss(x, truth, config(focal_gamma=gamma))) for x in (sure, unsure)]
            return of[0] / of[1]

        assert ratio(2.0) < ratio(0.0) / 50


class TestEffectiveWeights:
    def test_lie_between_none_and_balanced(self) -> None:
        targets = np.repeat([0, 1, 2], [900, 90, 10])
        ratio = effective_weights(targets, 4)[2] / effective_weights(targets, 4)[0]
        assert 2 < ratio < 90
        assert effective_weights(targets, 4)[3] == 1
        assert np.average(effective_weights(targets, 4)[:3], weights=[900, 90, 10]) == pytest.approx(1)

    def test_are_what_the_parameter_asks_for(self) -> None:
        targets = np.repeat([0, 1], [90, 10])
        asked = {
            value: loss_weights(targets, 2, TrainParams(class_weights=value))
            for value in (True, False, "effective")
        }
        assert asked[False] is None
        assert asked[True] == pytest.approx([100 / 180, 5.0])
        assert asked["effective"] == pytest.approx(list(effective_weights(targets, 2)))


class TestOneCycle:
    def test_rises_and_falls_to_nothing(self) -> None:
        groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": rate} for rate in (0.01, 0.001)]
        optimizer = torch.optim.AdamW(groups)
        schedule = one_cycle(optimizer, 100)
        rates = []
        for _ in range(100):
            rates.append([group["lr"] for group in optimizer.param_groups])
            optimizer.step()
            schedule.step() if len(rates) < 100 else None
        first, second = np.array(rates).T
        assert first.max() == pytest.approx(0.01, rel=1e-3)
        assert first.argmax() == pytest.approx(30, abs=2)
        assert first[0] < 0.001
        assert first[-1] < 1e-6
        np.testing.assert_allclose(second * 10, first)

    def test_comes_to_its_end(self) -> None:
        TrainParams(schedule="one_cycle", epochs=4, early_stopping_patience=4, plateau_patience=5)
        with pytest.raises(ValidationError, match="early_stopping_patience to the epochs, 40"):
            TrainParams(schedule="one_cycle")


def test_rare_classes_are_not_counted_twice_over() -> None:
    with pytest.raises(ValidationError, match="balanced_sampling"):
        TrainParams(balanced_sampling=1.0)
    TrainParams(balanced_sampling=1.0, class_weights=False)
