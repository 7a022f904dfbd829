"""Batch renormalization: batches that are no fair sample, and what training and prediction agree on."""

import pytest
import torch
from torch import nn

from auricle.models.batch_renorm import WARM_UP, BatchRenorm1d, BatchRenorm2d, renormalize
from auricle.models.checkpointing import statistics_left_alone

OFFSETS = (-2.0, 2.0)


def batch(number: int) -> torch.Tensor:
    """Batches are of two kinds in turn, which differ by a constant."""
    generator = torch.Generator().manual_seed(number)
    return torch.randn(16, 3, 4, 5, generator=generator) + OFFSETS[number % 2]


def trained(norm: nn.Module, batches: int = WARM_UP + 50) -> nn.Module:
    norm.train()
    for number in range(batches):
        norm(batch(number))
    return norm


def disagreement(norm: nn.Module) -> float:
    """The largest difference of what training and prediction make of one batch."""
    values = batch(1)
    with torch.no_grad():
        return float((norm.train()(values) - norm.eval()(values)).abs().max())


class TestRenormalization:
    def test_trains_on_what_prediction_will_give(self) -> None:
        assert disagreement(trained(BatchRenorm2d(3))) < 1e-5
        assert disagreement(trained(nn.BatchNorm2d(3))) > 0.5

    def test_is_batch_normalization_until_the_statistics_are_known(self) -> None:
        ours, plain = trained(BatchRenorm2d(3), 10), trained(nn.BatchNorm2d(3), 10)
        torch.testing.assert_close(ours(batch(0)), plain(batch(0)))
        torch.testing.assert_close(ours.running_mean, plain.running_mean)
        torch.testing.assert_close(ours.running_var, plain.running_var, rtol=0.01, atol=0.0)

    def test_counts_in_float32_what_comes_in_half_of_it(self) -> None:
        whole, half = BatchRenorm2d(3).train(), BatchRenorm2d(3).train()
        values = batch(0).bfloat16()
        whole(values.float())
        assert half(values).dtype == torch.bfloat16
        torch.testing.assert_close(half.running_mean, whole.running_mean)
        torch.testing.assert_close(half.running_var, whole.running_var)

    def test_gives_what_batch_normalization_gives_with_the_same_weights(self) -> None:
        ours, plain = trained(BatchRenorm2d(3)), nn.BatchNorm2d(3)
        plain.load_state_dict(ours.state_dict())
        torch.testing.assert_close(ours.eval()(batch(0)), plain.eval()(batch(0)))

    def test_goes_no_further_than_the_paper(self) -> None:
        norm = trained(BatchRenorm2d(3))
        far = 1000 + batch(0)
        assert float(norm.train()(far).detach().mean()) < 6

    @pytest.mark.parametrize("norm", [BatchRenorm1d(3), BatchRenorm2d(3)])
    def test_has_gradients(self, norm: nn.Module) -> None:
        values = batch(0) if isinstance(norm, BatchRenorm2d) else batch(0)[..., 0]
        values.requires_grad_()
        norm.train()(values).square().sum().backward()
        assert values.grad is not None
        assert values.grad.isfinite().all()

    def test_answers_a_second_pass_as_the_first(self) -> None:
        norm = trained(BatchRenorm2d(3))
        first, before = norm.train()(batch(0)), dict(norm.state_dict())
        before = {name: values.clone() for name, values in before.items()}
        with statistics_left_alone(norm):
            torch.testing.assert_close(norm(batch(0)), first)
        for name, values in norm.state_dict().items():
            torch.testing.assert_close(values, before[name])


def test_a_network_gets_them_in_place_of_its_own() -> None:
    inner = nn.Sequential(nn.BatchNorm2d(3))
    network = nn.Sequential(nn.Conv2d(3, 3, 1), inner, nn.Flatten(2), nn.BatchNorm1d(3))
    renormalize(network)
    assert type(inner[0]) is BatchRenorm2d
    assert type(network[3]) is BatchRenorm1d
    assert network.train()(batch(0)).shape == (16, 3, 20)
