"""The order of crops: batches of one length, classes as often as asked, the same order for the same seed."""

import numpy as np
import pytest

from auricle.training.sampling import EpochSampler, by_length, padding_share, sampling_weights

BATCH = 32
LENGTHS = np.random.default_rng(0).integers(43, 862, size=2_000)


def order_of(sampler: EpochSampler, epoch: int = 0) -> np.ndarray:
    sampler.set_epoch(epoch)
    return np.array([index for _, index in sampler])


class TestByLength:
    def sampler(self, seed: int = 0) -> EpochSampler:
        return EpochSampler(len(LENGTHS), seed, lengths=LENGTHS, batch_size=BATCH)

    def test_leaves_under_a_tenth_to_padding(self) -> None:
        at_random = order_of(EpochSampler(len(LENGTHS), 0))
        assert padding_share(order_of(self.sampler()), LENGTHS, BATCH, LENGTHS.max()) < 0.1
        assert padding_share(at_random, LENGTHS, BATCH, LENGTHS.max()) > 0.3

    def test_say_what_an_epoch_of_a_training_pads(self) -> None:
        sampler = self.sampler()
        expected = padding_share(order_of(sampler), LENGTHS, BATCH, LENGTHS.max())
        order_of(sampler, 7)
        assert sampler.padding_share(LENGTHS.max()) == pytest.approx(expected)
        assert EpochSampler(len(LENGTHS), 0).padding_share(LENGTHS.max()) is None

    def test_every_crop_comes_once(self) -> None:
        assert sorted(order_of(self.sampler())) == list(range(len(LENGTHS)))

    def test_batches_do_not_come_by_length(self) -> None:
        means = LENGTHS[order_of(self.sampler())[: 62 * BATCH]].reshape(62, BATCH).mean(axis=1)
        assert abs(np.corrcoef(means, np.arange(62))[0, 1]) < 0.5

    def test_others_meet_in_another_epoch(self) -> None:
        sampler = self.sampler()
        first, second = (
            {frozenset(order_of(sampler, epoch)[start : start + BATCH]) for start in range(0, 1_984, BATCH)}
            for epoch in (0, 1)
        )
        assert not first & second
        assert np.array_equal(order_of(sampler, 1), order_of(self.sampler(), 1))

    @pytest.mark.parametrize("count", [33, 96, 200])
    def test_few_crops_meet_others_too_and_the_longest_in_whole_batches(self, count: int) -> None:
        sampler = EpochSampler(count, 0, lengths=LENGTHS[:count], batch_size=8)
        orders = [order_of(sampler, epoch) for epoch in range(20)]
        mates = [{frozenset(o[s : s + 8]) for s in range(0, count // 8 * 8, 8)} for o in orders]
        assert len(set.union(*mates)) > 10 * len(mates[0])
        longest = int(LENGTHS[:count].argmax())
        alone = sum(longest in order[count // 8 * 8 :] for order in orders)
        assert alone <= 8

    def test_an_incomplete_batch_is_of_neighbours_too_and_stays_the_last(self) -> None:
        lengths = np.geomspace(10, 1000, 70)
        orders = [by_length(np.arange(70), lengths, 32, np.random.default_rng(seed)) for seed in range(20)]
        assert all(sorted(order) == list(range(70)) for order in orders)
        ratios = [np.ptp(np.log(lengths[order[64:]])) for order in orders]
        at_random = [np.ptp(np.log(lengths[np.random.default_rng(s).permutation(70)[:6]])) for s in range(20)]
        assert np.median(ratios) < np.median(at_random) / 1.5
        assert len({order[64] for order in orders}) > 10


class TestPaddingShare:
    def test_is_what_is_filled_up(self) -> None:
        assert padding_share(np.arange(4), np.array([1, 3, 2, 2]), 2, 3) == pytest.approx(1 - 8 / 10)


class TestWeights:
    TARGETS = np.repeat([0, 1, 2], [80, 16, 4])

    @pytest.mark.parametrize(("share", "ratio"), [(0.5, 20**0.5), (1.0, 20.0)])
    def test_make_rare_classes_more_frequent(self, share: float, ratio: float) -> None:
        weights = sampling_weights(self.TARGETS, share)
        assert weights is not None
        assert weights.sum() == pytest.approx(1)
        assert weights[-1] / weights[0] == pytest.approx(ratio)

    def test_of_no_share_leave_each_crop_once(self) -> None:
        assert sampling_weights(self.TARGETS, 0.0) is None

    def test_decide_what_is_drawn(self) -> None:
        weights = sampling_weights(self.TARGETS, 1.0)
        sampler = EpochSampler(100, 0, weights=weights)
        drawn = np.concatenate([self.TARGETS[order_of(sampler, epoch)] for epoch in range(40)])
        np.testing.assert_allclose(np.bincount(drawn) / len(drawn), 1 / 3, atol=0.03)
        assert np.array_equal(order_of(sampler, 3), order_of(EpochSampler(100, 0, weights=weights), 3))
