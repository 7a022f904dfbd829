"""How clips of several lengths become a batch, and what a network is told of it."""

from types import SimpleNamespace

import numpy as np
import pytest

from auricle.models.padding import Padding, batch_frames, batched, fewest_frames, pad_to, padding_of

SHORT, LONG = np.array([[1.0, -2.0, 3.0]], dtype=np.float16), np.arange(5, dtype=np.float16)[np.newaxis]


class TestKind:
    @pytest.mark.parametrize(
        ("told", "padding"),
        [
            ({}, Padding.MINIMUM),
            ({"takes_padding": True}, Padding.ZEROS),
            ({"takes_padding": False}, Padding.REPEATED),
        ],
    )
    def test_is_told_by_the_configuration(self, told: dict[str, bool], padding: Padding) -> None:
        assert padding_of(SimpleNamespace(**told)) is padding

    def test_an_encoder_says_how_much_it_needs(self) -> None:
        assert fewest_frames(SimpleNamespace()) == 1
        assert fewest_frames(SimpleNamespace(receptive_field=400)) == 400


class TestBatch:
    def test_of_waveforms_is_padded_with_zeros_that_do_not_count(self) -> None:
        values, lengths = batched([SHORT, LONG], 5, Padding.ZEROS)
        assert values.dtype == np.float32
        assert values.tolist() == [[[1, -2, 3, 0, 0]], [[0, 1, 2, 3, 4]]]
        assert lengths == [3, 5]

    def test_of_spectrograms_is_padded_with_their_minimum(self) -> None:
        values, lengths = batched([SHORT, LONG], 5, Padding.MINIMUM)
        assert values[0].tolist() == [[1, -2, 3, -2, -2]]
        assert lengths == [3, 5]

    def test_of_what_takes_no_padding_is_repeated_and_all_of_it_counts(self) -> None:
        values, lengths = batched([SHORT, LONG], 8, Padding.REPEATED)
        assert values.tolist() == [[[1, -2, 3, 1, -2, 3, 1, -2]], [[0, 1, 2, 3, 4, 0, 1, 2]]]
        assert lengths == [8, 8]

    @pytest.mark.parametrize("padding", Padding)
    def test_what_is_long_enough_is_not_copied(self, padding: Padding) -> None:
        assert pad_to(LONG, 5, padding) is LONG


class TestBatchFrames:
    """Few lengths of batches, none much longer than its clips, none beyond a crop that they keep to."""

    def test_are_few_and_little_more(self) -> None:
        frames = {longest: batch_frames([1, longest], 10_000) for longest in range(1, 5_000)}
        assert all(longest <= made <= 1.04 * longest for longest, made in frames.items())
        assert len(set(frames.values())) < 32 * 9

    def test_keep_to_the_crop_unless_a_clip_does_not(self) -> None:
        assert batch_frames([850, 861], 862) == 862
        assert batch_frames([863], 862) == 863
