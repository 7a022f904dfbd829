"""Embeddings of windows, kept, and what the classifier says of them with dropout and without."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from auricle.corpora.selection import having
from auricle.models.bundle import BundleRef
from auricle.progress import track
from auricle.training.params import DeviceName

if TYPE_CHECKING:
    import torch

    from auricle.audio.recording_store import RecordingStore

COLUMNS = ("recording_id", "windows", "embeddings")
RECORDINGS_AT_ONCE = 256
WINDOWS_AT_ONCE = 8192

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Rated:
    """What a rater says of some recordings, in their order.

    Attributes:
        ratings: float32 (n,), in [0, 1], the mean over a recording's windows.
        passes: float32 (passes, n), the same by as many networks that dropout makes; of none where the
            classifier has no dropout.
        embeddings: float32 (n, embedding_dim), the mean over the windows.
    """

    ratings: FloatArray
    passes: FloatArray
    embeddings: FloatArray

    @property
    def spread(self) -> FloatArray:
        """Standard deviation over the passes, float32 (n,); zeros where there is none."""
        return self.passes.std(axis=0, ddof=1) if len(self.passes) else np.zeros_like(self.ratings)


def embed_windows(
    champion: BundleRef,
    known: pd.DataFrame | None,
    manifest: pd.DataFrame,
    store: "RecordingStore",
    *,
    device: DeviceName = "auto",
    batch_size: int = 32,
) -> Iterator[pd.DataFrame]:
    """Embed what is not known yet: who keeps the tables never does it twice, and a kill costs one.

    Args:
        champion: a rater.
        known: what was yielded before by the same champion, or None.
        manifest: of the corpus.
        store: of waveforms by the champion's front end.
        device: where to compute.
        batch_size: windows in one pass.

    Yields:
        `recording_id`, `windows` (how many) and `embeddings` (float32, those of all windows in a row).

    Raises:
        CorpusError: the store has none of the recordings.
    """
    from auricle.models.registry import load_deep
    from auricle.models.windows import predict_stored
    from auricle.training.device import resolve_device

    rows = having(manifest, store, what=store.content, pipeline=f"cache_{store.content}s", most_lacking=1.0)
    done = set() if known is None or known.empty else set(known["recording_id"])
    names = np.array(sorted(set(rows["recording_id"]) - done), dtype=object)
    if not len(names):
        return
    model, on = load_deep(champion), resolve_device(device)
    parts = [names[start : start + RECORDINGS_AT_ONCE] for start in range(0, len(names), RECORDINGS_AT_ONCE)]
    for part in track(parts, description="Embedding windows", unit="part"):
        found = predict_stored(model, store, part, batch_size=batch_size, device=on)
        table = [(part[place], len(each.embeddings), each.embeddings.ravel()) for place, each in found]
        yield pd.DataFrame(table, columns=list(COLUMNS)).astype({"windows": "int32"})


def rate_windows(champion: BundleRef, windows: pd.DataFrame, *, passes: int, seed: int) -> Rated:
    """What the champion's classifier says of recordings, and what it says with some of it left out.

    Monte-Carlo dropout (Gal and Ghahramani, 2016): a pass draws one network, which rates all windows of all
    recordings, so that neither their order nor their number changes what is said of one.

    Args:
        champion: a rater.
        windows: as `embed_windows` yields them.
        passes: of dropout.
        seed: of what it leaves out.
    """
    import torch

    from auricle.models.registry import load_deep

    model: Any = load_deep(champion)
    counts = windows["windows"].to_numpy()
    first = np.cumsum(counts) - counts
    width = len(windows["embeddings"].iloc[0]) // int(counts[0])
    stacked = np.concatenate(windows["embeddings"].tolist()).reshape(-1, width).astype(np.float32)

    def means(values: FloatArray) -> FloatArray:
        sums = np.add.reduceat(values.astype(np.float64), first)
        return np.asarray(sums / counts, dtype=np.float32)

    def rated(generator: "torch.Generator | None" = None) -> FloatArray:
        said = []
        with torch.inference_mode():
            for start in range(0, len(stacked), WINDOWS_AT_ONCE):
                if generator is not None:
                    generator.manual_seed(generator.initial_seed())  # the same network for every part
                said.append(model.rate(torch.from_numpy(stacked[start : start + WINDOWS_AT_ONCE])).numpy())
        return means(np.concatenate(said)[:, 0])

    drawn = []
    dropouts = dropouts_of(model.head)
    for number in range(passes if dropouts else 0):
        generator = torch.Generator().manual_seed(seed * 1009 + number)
        with _left_out(dropouts, generator):
            drawn.append(rated(generator))
    return Rated(
        ratings=rated(),
        passes=np.stack(drawn) if drawn else np.zeros((0, len(windows)), np.float32),
        embeddings=(np.add.reduceat(stacked, first, axis=0) / counts[:, None]).astype(np.float32),
    )


def dropouts_of(classifier: "torch.nn.Module") -> list[Any]:
    """The modules of dropout of a classifier that leave something out.

    Dropout by function (`torch.nn.functional.dropout`) is not seen: nothing tells that it is there.
    """
    from torch import nn

    return [module for module in classifier.modules() if isinstance(module, nn.Dropout) and 0 < module.p < 1]


@contextmanager
def _left_out(dropouts: list[Any], generator: "torch.Generator") -> Iterator[None]:
    """In evaluation mode, let modules of dropout leave out the same for all of a batch."""
    import torch

    def mask(module: Any, _: Any, output: torch.Tensor) -> torch.Tensor:
        kept = torch.full((1, *output.shape[1:]), 1 - module.p)
        masked: torch.Tensor = output * torch.bernoulli(kept, generator=generator) / (1 - module.p)
        return masked

    hooks = [module.register_forward_hook(mask) for module in dropouts]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
