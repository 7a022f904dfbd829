"""Weights of classes, losses of classes and of levels, the cycle of the rate, each beside its definition."""

from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch.nn import functional

from auricle.models.config import SpectrogramModelConfig
from auricle.models.outputs import classification_loss, level_losses
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


class TestLevelLosses:
    """Classes a and c are called x above, and b is called y."""

    LEVELS = ((0, 1, 0),)

    def by_hand(self) -> torch.Tensor:
        """-log of the summed probability of what is called as the truth is, from the logits."""
        together = [[0, 2], [1], [0, 2], [0, 2]]  # of the true classes 0, 1, 0, 2
        return torch.stack(
            [LOGITS[row].logsumexp(0) - LOGITS[row, mine].logsumexp(0) for row, mine in enumerate(together)]
        )

    def test_are_those_of_the_summed_probabilities(self) -> None:
        found = level_losses(LOGITS, TRUTH, self.LEVELS, config())
        torch.testing.assert_close(found, self.by_hand().mean()[None])

    def test_of_every_class_by_itself_is_the_loss_of_the_classes(self) -> None:
        weighed = config(class_weights=[0.5, 2.0, 1.0])
        for asked in (config(), weighed, config(focal_gamma=2.0)):
            for labels in (TRUTH, self.shares()):
                torch.testing.assert_close(
                    level_losses(LOGITS, labels, ((2, 0, 1),), asked)[0],
                    classification_loss(LOGITS, labels, asked),
                )

    @staticmethod
    def shares() -> torch.Tensor:
        """Mixes of two examples."""
        whole = functional.one_hot(TRUTH, 3).float()
        return 0.7 * whole + 0.3 * whole.flip(0)

    def test_weigh_an_example_as_its_class_does(self) -> None:
        weights = torch.tensor([0.5, 2.0, 1.0])
        found = level_losses(LOGITS, TRUTH, self.LEVELS, config(class_weights=weights.tolist()))
        expected = (weights[TRUTH] * self.by_hand()).sum() / weights[TRUTH].sum()
        torch.testing.assert_close(found, expected[None])

    def test_spare_sure_answers_of_the_level(self) -> None:
        lost = self.by_hand()
        found = level_losses(LOGITS, TRUTH, self.LEVELS, config(focal_gamma=2.0))
        torch.testing.assert_close(found, ((1 - (-lost).exp()) ** 2 * lost).mean()[None])

    def test_push_all_classes_that_are_called_alike(self) -> None:
        logits = torch.zeros(1, 3, requires_grad=True)
        level_losses(logits, torch.tensor([0]), self.LEVELS, config()).sum().backward()
        assert logits.grad is not None
        # p - p / (p + p of the same name), by hand: 1/3 - 1/2 and 1/3.
        torch.testing.assert_close(logits.grad, torch.tensor([[-1 / 6, 1 / 3, -1 / 6]]))

    @pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
    def test_have_gradients_where_an_answer_is_as_sure_as_can_be(self, gamma: float) -> None:
        logits = torch.tensor([[60.0, -60.0, 59.0], [-90.0, 90.0, -90.0]], requires_grad=True)
        lost = level_losses(logits, torch.tensor([0, 0]), self.LEVELS, config(focal_gamma=gamma))
        lost.sum().backward()
        assert torch.isfinite(lost).all()
        assert logits.grad is not None
        assert torch.isfinite(logits.grad).all()
        assert logits.grad[1].abs().max() > 0.1


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


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"balanced_sampling": 1.0},
            "class_weights true and balanced_sampling 1.0 are .*balanced_sampling: 0.0",
        ),
        ({"balanced_sampling": 0.3}, "class_weights true and balanced_sampling 0.3 are"),
        (
            {"focal_gamma": 2.0},
            "class_weights true and focal_gamma 2.0 are .*class_weights: false, focal_gamma: 0",
        ),
        ({"class_weights": "effective", "focal_gamma": 2.0}, 'class_weights "effective" and focal_gamma 2.0'),
        (
            {"class_weights": False, "focal_gamma": 2.0, "balanced_sampling": 1.0},
            "balanced_sampling 1.0 and focal",
        ),
    ],
)
def test_rare_classes_are_not_counted_twice_over(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        TrainParams.model_validate(given)
    name = list(given)[-1]
    alone = TrainParams.model_validate({"class_weights": False, name: given[name]})
    assert getattr(alone, name) == given[name]
