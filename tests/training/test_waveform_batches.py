"""Waveforms in training and evaluation: what a network is given, and how much of it lies in memory."""

import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from auricle.audio import waveform_shards
from auricle.audio.limits import AudioLimits
from auricle.audio.waveform_front_end import WaveformParams
from auricle.audio.waveform_shards import make_shards
from auricle.audio.waveform_store import WaveformStore, commit
from auricle.errors import CorpusError
from auricle.models.padding import Padding, batch_frames, padding_of
from auricle.models.windows import predict_stored
from auricle.training.checks import check_lengths
from auricle.training.data import CropDataset, Subset

RATE = 16_000
SECONDS = {"short": 1, "shorter": 0.75, "long": 600}
WINDOW = 5 * RATE


class Listener(torch.nn.Module):
    """Says of each clip its mean and how long it is; remembers the shapes that it was given."""

    def __init__(self, **config: Any) -> None:
        super().__init__()
        self.config = SimpleNamespace(window_frames=WINDOW, hop_frames=WINDOW, problem_type=None, **config)
        self.given: list[tuple[int, ...]] = []

    def forward(self, input_values: torch.Tensor, lengths: torch.Tensor) -> SimpleNamespace:
        self.given.append(tuple(input_values.shape))
        real = torch.arange(input_values.shape[2]) < lengths[:, None]
        means = (input_values[:, 0] * real).sum(dim=1) / lengths
        return SimpleNamespace(
            logits=torch.stack([means, -means], dim=1), embeddings=torch.stack([means, lengths], dim=1)
        )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> WaveformStore:
    """Recordings of 1 s, of 0.75 s, and of 10 minutes."""
    folder = tmp_path_factory.mktemp("waveforms")
    rng = np.random.default_rng(0)
    for name, seconds in SECONDS.items():
        noise = 0.1 * rng.standard_normal(int(seconds * RATE), dtype=np.float32)
        soundfile.write(folder / f"{name}.wav", noise, RATE)

    def mapped(
        function: Callable[[Path], Any], items: Iterable[Path], **_: Any
    ) -> Iterator[tuple[Path, Any]]:
        yield from ((item, function(item)) for item in items)

    front_end = WaveformParams().make()
    paths = {name: f"{name}.wav" for name in SECONDS}
    with (
        pytest.MonkeyPatch.context() as patch,
        WaveformStore.open(folder, front_end.digest, mode="a") as made,
    ):
        patch.setattr(waveform_shards, "map_isolated", mapped)
        for shard in make_shards(made, front_end, folder, paths, AudioLimits(), workers=1):
            commit(shard.path, made.folder)
    return WaveformStore.open(folder, front_end.digest)


NAMES = np.array(list(SECONDS), dtype=object)


def crops(store: WaveformStore, **options: Any) -> CropDataset:
    subset = Subset(NAMES, np.arange(3))
    return CropDataset(store, subset, crop_frames=WINDOW, crops_per_recording=1, seed=0, **options)


class TestTraining:
    def test_a_batch_is_padded_with_zeros_to_its_longest(self, store: WaveformStore) -> None:
        dataset = crops(store, any_length=True, padding=Padding.ZEROS)
        batch = dataset.__getitems__([(0, 0), (0, 1)])
        assert batch["input_values"].shape == (2, 1, batch_frames([RATE], WINDOW))
        assert batch["input_values"].dtype == torch.float32
        assert batch["lengths"].tolist() == [RATE, 12_000]
        assert not batch["input_values"][0, :, RATE:].any()
        assert not batch["input_values"][1, :, 12_000:].any()
        np.testing.assert_array_equal(batch["input_values"][0, :, :RATE], store["short"].astype(np.float32))

    def test_a_crop_of_a_long_recording_is_another_in_each_epoch(self, store: WaveformStore) -> None:
        dataset = crops(store, any_length=True, padding=Padding.ZEROS)
        first, again, later = (dataset[key]["input_values"] for key in ((0, 2), (0, 2), (1, 2)))
        assert first.shape == (1, WINDOW)
        assert torch.equal(first, again)
        assert not torch.equal(first, later)

    def test_what_takes_no_padding_hears_short_recordings_again_and_again(self, store: WaveformStore) -> None:
        batch = crops(store, padding=Padding.REPEATED).__getitems__([(0, 0), (0, 2)])
        assert batch["lengths"].tolist() == [WINDOW, WINDOW]
        once = torch.from_numpy(store["short"].astype(np.float32))
        assert torch.equal(batch["input_values"][0], once.repeat(1, 5))

    def test_recordings_that_no_encoder_hears_are_refused(self, store: WaveformStore) -> None:
        config: Any = SimpleNamespace(receptive_field=14_000)
        message = r"1 of 3 recordings.*14000 samples.*shorter, with 12000.*min_duration_s"
        with pytest.raises(CorpusError, match=message):
            check_lengths(store, NAMES, config)


class TestEvaluation:
    def test_every_window_of_a_long_recording_is_heard_once(self, store: WaveformStore) -> None:
        network: Any = Listener(takes_padding=True, any_length=True)
        outputs = dict(predict_stored(network, store, NAMES, batch_size=8))
        assert outputs[2].starts.tolist() == list(range(0, 600 * RATE, WINDOW))
        mean = store["long"].mean(dtype=np.float64)
        assert outputs[2].embeddings[:, 0].mean() == pytest.approx(mean, abs=1e-5)
        assert outputs[0].embeddings[:, 1].tolist() == [RATE]
        assert outputs[1].embeddings[:, 1].tolist() == [12_000]

    def test_clips_of_one_length_meet(self, store: WaveformStore) -> None:
        network: Any = Listener(takes_padding=True, any_length=True)
        list(predict_stored(network, store, NAMES, batch_size=2))
        assert network.given[0] == (2, 1, batch_frames([RATE], WINDOW))
        assert set(network.given[1:]) == {(2, 1, WINDOW)}

    def test_what_takes_no_padding_is_given_windows_of_one_length_only(self, store: WaveformStore) -> None:
        network: Any = Listener(takes_padding=False, any_length=False)
        outputs = dict(predict_stored(network, store, NAMES, batch_size=8))
        assert {shape[1:] for shape in network.given} == {(1, WINDOW)}
        assert outputs[0].embeddings[:, 1].tolist() == [WINDOW]


# A batch of eight windows of 5 s in float32, twice: as it is put together and as it was before that.
MOST_BYTES = 2 * 8 * WINDOW * 4 + 2**20


@pytest.mark.parametrize("takes_padding", [True, False])
class TestMemory:
    """Clips of 1 s and of 10 minutes (38 MB in float32) together; what is read is mapped, not copied."""

    def test_of_evaluation_has_a_bound(self, store: WaveformStore, takes_padding: bool) -> None:
        network: Any = Listener(takes_padding=takes_padding, any_length=takes_padding)
        list(predict_stored(network, store, NAMES, batch_size=8))  # whatever is made once is there
        tracemalloc.start()
        try:
            list(predict_stored(network, store, NAMES, batch_size=8))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < MOST_BYTES

    def test_of_training_has_a_bound(self, store: WaveformStore, takes_padding: bool) -> None:
        padding = padding_of(SimpleNamespace(takes_padding=takes_padding))
        dataset = crops(store, any_length=takes_padding, padding=padding)
        keys = [(epoch, index) for epoch in range(3) for index in range(3)][:8]
        tracemalloc.start()
        try:
            dataset.__getitems__(keys)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < MOST_BYTES
