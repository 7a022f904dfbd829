"""Crops are functions of seed, epoch and index; epochs visit each crop once."""

import pickle

import numpy as np
import pytest
import torch
from tiny_corpus import TinyCorpus
from torch.utils.data import DataLoader

from auricle.training.data import CropDataset, Subset, keep_batch
from auricle.training.sampling import EpochSampler

FRAMES = 16


@pytest.fixture
def subset(corpus: TinyCorpus) -> Subset:
    ids = corpus.manifest["recording_id"].to_numpy(dtype=object)
    return Subset(ids, np.arange(len(ids)))


def crops(corpus: TinyCorpus, subset: Subset, *, frames: int = FRAMES, seed: int = 0) -> CropDataset:
    return CropDataset(corpus.store, subset, crop_frames=frames, crops_per_recording=2, seed=seed)


class TestCrops:
    def test_are_cut_from_their_recording_and_carry_its_label(
        self, corpus: TinyCorpus, subset: Subset
    ) -> None:
        batch = crops(corpus, subset).__getitems__([(0, 4), (0, 4 + len(subset))])
        assert batch["input_values"].shape == (2, 16, FRAMES)
        assert batch["input_values"].dtype == torch.float32
        assert batch["labels"].tolist() == [4, 4]
        whole = corpus.store[subset.recording_ids[4]].astype(np.float32)
        windows = np.lib.stride_tricks.sliding_window_view(whole, FRAMES, axis=1).transpose(1, 0, 2)
        for crop in batch["input_values"].numpy():
            assert (windows == crop).all(axis=(1, 2)).any()

    def test_of_an_epoch_and_index_are_the_same_in_any_batch(
        self, corpus: TinyCorpus, subset: Subset
    ) -> None:
        dataset = crops(corpus, subset)
        batch = dataset.__getitems__([(3, 1), (3, 7), (3, 5)])
        assert torch.equal(batch["input_values"][1], dataset[3, 7]["input_values"])

    @pytest.mark.parametrize("other", ["epoch", "seed"])
    def test_differ_between_epochs_and_seeds(self, corpus: TinyCorpus, subset: Subset, other: str) -> None:
        keys = [(0, index) for index in range(len(subset))]
        reference = crops(corpus, subset).__getitems__(keys)["input_values"]
        if other == "seed":
            changed = crops(corpus, subset, seed=1).__getitems__(keys)["input_values"]
        else:
            changed = crops(corpus, subset).__getitems__([(1, index) for _, index in keys])["input_values"]
        assert not torch.equal(reference, changed)

    def test_longer_than_the_recording_are_padded_with_its_minimum(
        self, corpus: TinyCorpus, subset: Subset
    ) -> None:
        whole = corpus.store[subset.recording_ids[0]]
        crop = crops(corpus, subset, frames=100)[0, 0]["input_values"].numpy()
        assert np.array_equal(crop[:, : whole.shape[1]], whole.astype(np.float32))
        assert (crop[:, whole.shape[1] :] == float(whole.min())).all()

    def test_are_the_same_from_worker_processes(self, corpus: TinyCorpus, subset: Subset) -> None:
        dataset = pickle.loads(pickle.dumps(crops(corpus, subset)))
        assert torch.equal(dataset[1, 2]["input_values"], crops(corpus, subset)[1, 2]["input_values"])


class TestEpochs:
    def test_visit_every_crop_once(self) -> None:
        sampler = EpochSampler(10, seed=0)
        sampler.set_epoch(3)
        assert sorted(sampler) == [(3, index) for index in range(10)]

    def test_have_an_order_that_depends_on_seed_and_epoch_only(self) -> None:
        first, again, other = EpochSampler(50, seed=0), EpochSampler(50, seed=0), EpochSampler(50, seed=1)
        for sampler in (first, again, other):
            sampler.set_epoch(2)
        assert list(first) == list(again) != list(other)
        again.set_epoch(4)
        assert [index for _, index in first] != [index for _, index in again]

    def test_give_the_loader_whole_batches(self, corpus: TinyCorpus, subset: Subset) -> None:
        dataset = crops(corpus, subset)
        loader = DataLoader(
            dataset, batch_size=8, sampler=EpochSampler(len(dataset), 0), collate_fn=keep_batch
        )
        assert [len(batch["labels"]) for batch in loader] == [8, 8, 8, 8, 4]
