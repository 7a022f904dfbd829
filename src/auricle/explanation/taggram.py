"""A taggram: what a network says of each window of a recording, as one table over time."""

import logging
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, cast

import numpy as np
import pandas as pd

from auricle.audio.front_ends import load_front_end
from auricle.audio.store import SpectrogramStore
from auricle.errors import ConfigurationError, CorpusError
from auricle.explanation.judged import in_turn, judged_recordings
from auricle.explanation.params import ExplainParams, TaggramParams
from auricle.inference.windows import chosen_windows
from auricle.models.bundle import BundleRef
from auricle.models.instruments import told_instruments
from auricle.models.registry import load_deep
from auricle.models.windows import predict_spectrograms
from auricle.progress import track
from auricle.training.device import resolve_device

logger = logging.getLogger(__name__)

KEY_COLUMNS = ("recording_id", "start_s", "end_s")


def taggram_table(
    bundle: BundleRef,
    predictions: pd.DataFrame,
    manifest: pd.DataFrame,
    *,
    store: SpectrogramStore,
    params: ExplainParams,
) -> pd.DataFrame:
    """Probabilities of the windows of some judged recordings, by the model in the bundle.

    Args:
        bundle: of a deep model.
        predictions: of the model; they say which recordings are judged.
        manifest: of the corpus.
        store: opened with the digest of the front end that lies in the bundle.
        params: which recordings and windows, and where to compute.

    Returns:
        `recording_id`, `start_s`, `end_s` (not after the recording), and one float32 column per label in
        vocabulary order; recordings in the order in which they are shown.

    Raises:
        ConfigurationError: windows that the model does not take, or a label that is called like a column.
        CorpusError: a recording is named that is not judged.
    """
    if taken := [name for name in KEY_COLUMNS if name in bundle.vocabulary]:
        raise ConfigurationError(f"A label is called {taken[0]!r}, as a column of the taggram. Rename it.")
    window, hop = taggram_windows(bundle, params.taggram)
    judged = judged_recordings(predictions, manifest, bundle.config, is_folded=bundle.out_of_fold is not None)
    chosen = choose_recordings(judged, manifest, store, params.taggram)
    outputs = predict_spectrograms(
        load_deep(bundle),
        (store[recording_id] for recording_id in chosen["recording_id"]),
        window,
        hop,
        instruments=told_instruments(bundle.config, _with_players(chosen, manifest)),
        device=resolve_device(params.device),
    )
    seconds = load_front_end(bundle.path).seconds
    shown = track(outputs, total=len(chosen), description="Taggrams")
    parts = []
    for output, row in zip(shown, chosen.to_dict("records"), strict=True):
        part = pd.DataFrame(output.probabilities, columns=list(bundle.vocabulary), dtype=np.float32)
        starts = np.minimum(seconds(1) * output.starts, row["duration_s"])
        part.insert(0, "recording_id", row["recording_id"])
        part.insert(1, "start_s", starts)
        part.insert(2, "end_s", np.minimum(starts + seconds(window), row["duration_s"]))
        parts.append(part)
    if not parts:
        return pd.DataFrame(columns=[*KEY_COLUMNS, *bundle.vocabulary])
    return pd.concat(parts, ignore_index=True)


def taggram_windows(bundle: BundleRef, params: TaggramParams) -> tuple[int, int]:
    """Frames of a window, and from one window to the next.

    Raises:
        ConfigurationError: windows with gaps, or of a length that the model does not take.
    """
    return chosen_windows(
        bundle,
        params.window_seconds,
        params.hop_seconds,
        by="taggram",
        default_hop=lambda window: window // 2,
    )


def choose_recordings(
    judged: pd.DataFrame, manifest: pd.DataFrame, store: Iterable[str], params: TaggramParams
) -> pd.DataFrame:
    """The recordings that are named, or the longest of each label in turn; rows of `judged_recordings`.

    Raises:
        CorpusError: a recording is named that is not judged, or has no spectrogram.
    """
    there = judged[judged["recording_id"].isin(list(store))]
    if len(there) < len(judged):
        logger.info("%d judged recordings have no spectrogram and no taggram", len(judged) - len(there))
    if params.recordings:
        return there.loc[[_named(name, there, judged, manifest) for name in params.recordings]]
    order = there.sort_values(["duration_s", "recording_id"], ascending=[False, True])
    return in_turn(order, params.count)


def _named(name: str, there: pd.DataFrame, judged: pd.DataFrame, manifest: pd.DataFrame) -> Any:
    """Index of the row that a name means."""
    found = there.index[_is_called(there, name)]
    if len(found):
        return found[0]
    raise CorpusError(
        f"taggram.recordings names {name!r}, which {_why_not(name, judged, manifest)}. Name recordings that"
        " the model is judged on, by their recording_id or path in the manifest."
    )


def _why_not(name: str, judged: pd.DataFrame, manifest: pd.DataFrame) -> str:
    if _is_called(judged, name).any():
        return "has no spectrogram"
    rows = manifest[_is_called(manifest, name)]
    if rows.empty:
        near = get_close_matches(name, cast("list[str]", judged["path"].tolist()), n=1, cutoff=0.4)
        return "is no recording of the manifest" + (f" (near to it: {near[0]})" if near else "")
    row = rows.iloc[0]
    if row["status"] != "ok":
        return f"is quarantined: {row['reason']}"
    fold = f", fold {row['fold']}," if row["fold"] >= 0 else ""
    return f"is of the split {row['split']!r}{fold} and not judged by this model"


def _is_called(rows: pd.DataFrame, name: str) -> "pd.Series[bool]":
    return (rows["recording_id"] == name) | (rows["path"] == name)


def _with_players(chosen: pd.DataFrame, manifest: pd.DataFrame) -> pd.DataFrame:
    """The manifest's rows of the chosen recordings, in their order."""
    return manifest[manifest["status"] == "ok"].set_index("recording_id").loc[chosen["recording_id"]]
