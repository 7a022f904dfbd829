"""Augmentation varies training crops, the same way for the same seed, and nothing else ever."""

from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from tiny_corpus import TRAIN, TinyCorpus

from auricle.training.augment import Augment
from auricle.training.data import CropDataset, Subset
from auricle.training.params import AugmentParams

KEYS = [(0, index) for index in range(8)]
NOTHING = {"gain_db": 0, "time_masks": 0, "frequency_masks": 0, "mixup_alpha": 0}


def batch(bands: int = 20, frames: int = 40) -> dict[str, torch.Tensor]:
    values = torch.rand(8, bands, frames, generator=torch.Generator().manual_seed(0)) * 80 - 80
    return {
        "input_values": values,
        "labels": torch.arange(8) % 3,
        "lengths": torch.tensor([frames] * 7 + [frames // 2]),
    }


def varied(
    keys: list[tuple[int, int]] = KEYS,
    seed: int = 0,
    given: dict[str, torch.Tensor] | None = None,
    **params: float,
) -> dict[str, torch.Tensor]:
    augment = Augment(AugmentParams(enabled=True, **(NOTHING | params)), n_classes=3, seed=seed)
    return augment(batch() if given is None else given, keys)


class TestGain:
    def test_moves_each_crop_as_a_whole_and_by_its_own_amount(self) -> None:
        moved = varied(gain_db=6)["input_values"] - batch()["input_values"]
        amounts = moved.mean(dim=(1, 2))
        torch.testing.assert_close(moved, amounts[:, None, None].expand_as(moved), atol=1e-4, rtol=0)
        assert (amounts.abs() <= 6).all()
        assert len(amounts.unique()) == 8


class TestSpecAugment:
    @pytest.mark.parametrize(("kind", "axis"), [("time", 1), ("frequency", 2)])
    def test_masks_whole_lines_within_the_share_and_never_the_whole_clip(self, kind: str, axis: int) -> None:
        given = batch()
        seen = set()
        for epoch in range(30):
            keys = [(epoch, index) for index in range(8)]
            done = varied(keys, given=given, **{f"{kind}_masks": 2, f"{kind}_mask_share": 0.25})[
                "input_values"
            ]
            changed = done != given["input_values"]
            lines = changed.any(dim=axis)
            assert torch.equal(lines.unsqueeze(axis).expand_as(changed), changed)
            shares = lines.float().mean(dim=1)
            assert (shares <= 0.5).all()
            for crop, where in zip(done, changed, strict=True):
                assert crop[where].unique().numel() <= 1
            seen.update(shares.tolist())
        assert len(seen) > 5

    def test_masks_of_their_own_for_each_crop(self) -> None:
        masks = varied(time_masks=1, time_mask_share=0.5)["input_values"] != batch()["input_values"]
        assert len({tuple(mask[0].tolist()) for mask in masks}) > 4

    @pytest.mark.parametrize("axis", ["time", "frequency"])
    def test_masks_that_could_hide_everything_are_refused(self, axis: str) -> None:
        with pytest.raises(ValidationError, match=f"4 {axis} masks of up to 0.25 .* hide all of it"):
            AugmentParams(**{f"{axis}_masks": 4, f"{axis}_mask_share": 0.25})

    def test_is_measured_by_what_is_real_of_a_short_clip(self) -> None:
        given = batch()
        given["lengths"] = torch.full((8,), 10)
        for epoch in range(50):
            keys = [(epoch, index) for index in range(8)]
            done = varied(keys, given=given, time_masks=2, time_mask_share=0.3)["input_values"]
            masked = (done != given["input_values"]).any(dim=1)
            assert not masked[:, 10:].any()
            assert (masked[:, :10].sum(dim=1) <= 6).all()

    def test_fills_each_crop_with_its_own_mean(self) -> None:
        given = batch()
        given["input_values"][0] = 0.0
        given["input_values"][1] = -80.0
        done = varied(given=given, time_masks=3, time_mask_share=0.3)["input_values"]
        assert torch.equal(done[:2], given["input_values"][:2])

    def test_leaves_the_generators_of_every_device_alone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(torch.cuda, "manual_seed_all", lambda _: pytest.fail("CUDA was reseeded"))
        varied(time_masks=2, frequency_masks=2, gain_db=6, mixup_alpha=0.2)

    def test_leaves_the_global_generator_alone(self) -> None:
        torch.manual_seed(5)
        expected = torch.rand(3)
        torch.manual_seed(5)
        varied(time_masks=2, frequency_masks=2)
        assert torch.equal(torch.rand(3), expected)


class TestMixup:
    def test_mixes_crops_and_labels_by_the_same_share(self) -> None:
        given = batch()
        mixed = varied(given=given, mixup_alpha=1.0)
        assert mixed["labels"].shape == (8, 3)
        torch.testing.assert_close(mixed["labels"].sum(dim=1), torch.ones(8))
        for index in range(8):
            one, other = given["input_values"][index], given["input_values"][index - 1]
            share = mixed["labels"][index, given["labels"][index]]
            torch.testing.assert_close(mixed["input_values"][index], share * one + (1 - share) * other)

    def test_mixes_several_labels_as_well(self) -> None:
        labels = torch.eye(3)[[0, 1, 2, 0, 1, 2, 0, 2]].maximum(torch.eye(3)[[1, 1, 0, 0, 0, 1, 1, 1]])
        given = batch() | {"labels": labels}
        mixed = varied(given=given, mixup_alpha=1.0)
        sounds = given["input_values"]
        for index in range(8):
            one, other = sounds[index], sounds[index - 1]
            share = ((mixed["input_values"][index] - other) / (one - other)).median()
            expected = share * labels[index] + (1 - share) * labels[index - 1]
            torch.testing.assert_close(mixed["labels"][index], expected, rtol=1e-3, atol=1e-3)
            assert 0 < share < 1

    def test_of_two_instruments_tells_neither(self) -> None:
        given = batch() | {"instruments": torch.tensor([1, 1, 2, 2, 0, 0, 1, 1])}
        mixed = varied(given=given, mixup_alpha=0.5)
        assert mixed["instruments"].tolist() == [1, 1, 0, 2, 0, 0, 0, 1]
        assert varied(given=given)["instruments"].tolist() == given["instruments"].tolist()

    def test_keeps_what_is_sound_in_either(self) -> None:
        assert varied(mixup_alpha=1.0)["lengths"].tolist() == [40] * 8

    def test_a_small_alpha_leaves_most_crops_nearly_alone(self) -> None:
        def purity(alpha: float) -> float:
            return float(varied(mixup_alpha=alpha)["labels"].amax(dim=1).mean())

        assert purity(0.01) > purity(10.0) + 0.2


EVERYTHING = {"gain_db": 6, "time_masks": 2, "frequency_masks": 2, "mixup_alpha": 0.2}


class TestDraws:
    def test_are_the_same_again(self) -> None:
        first, second = varied(**EVERYTHING), varied(**EVERYTHING)
        assert all(torch.equal(first[name], second[name]) for name in first)

    @pytest.mark.parametrize("other", [{"seed": 1}, {"keys": [(1, index) for index in range(8)]}])
    def test_differ_between_seeds_and_epochs(self, other: dict) -> None:
        first, second = varied(**EVERYTHING), varied(**EVERYTHING, **other)
        assert not torch.equal(first["input_values"], second["input_values"])

    def test_change_nothing_where_nothing_is_asked_for(self) -> None:
        done = varied()
        assert all(torch.equal(done[name], value) for name, value in batch().items())


class TestTraining:
    def test_learns_from_varied_crops_and_leaves_the_store_alone(
        self, corpus: TinyCorpus, workdir: Path
    ) -> None:
        before = {key: corpus.store[key].copy() for key in corpus.manifest["recording_id"]}
        augment = AugmentParams(enabled=True, time_mask_share=0.2)
        draft = corpus.fit(workdir, TRAIN.model_copy(update={"augment": augment}))
        assert draft.path.is_dir()
        assert all(np.array_equal(corpus.store[key], value) for key, value in before.items())

    def test_hears_crops_as_they_are_unless_it_is_enabled(self, corpus: TinyCorpus) -> None:
        rows = corpus.manifest.query("split == 'train'")
        subset = Subset(rows["recording_id"].to_numpy(object), np.zeros(len(rows), dtype=np.int64))
        crops = CropDataset(corpus.store, subset, crop_frames=16, crops_per_recording=1, seed=0)
        given = crops.__getitems__(KEYS)["input_values"].half()
        stored = [corpus.store[name].astype(np.float32) for name in subset.recording_ids[:8]]
        for crop, whole in zip(given.float().numpy(), stored, strict=True):
            windows = np.lib.stride_tricks.sliding_window_view(whole, 16, axis=1)
            assert any(np.array_equal(windows[:, start], crop) for start in range(windows.shape[1]))
