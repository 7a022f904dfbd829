"""Explains a deep model on recordings it was judged on: the surest right and wrong answer of each class."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from auricle.audio.decode import decode
from auricle.audio.extractor import load_extractor
from auricle.audio.frontend import FrontEnd
from auricle.audio.limits import AudioLimits
from auricle.audio.store import SpectrogramStore
from auricle.errors import AudioError, BundleError
from auricle.explanation.choice import Choice, choose
from auricle.explanation.gradcam import explain_window
from auricle.explanation.listening import filtered
from auricle.explanation.params import ExplainParams
from auricle.models.bundle import BundleRef
from auricle.models.instruments import told_instruments
from auricle.models.padding import pad_to
from auricle.models.registry import load_deep
from auricle.models.spectrogram_model import SpectrogramModel
from auricle.models.windows import predict_windows
from auricle.progress import track
from auricle.training.device import resolve_device
from auricle.training.scoring import score_recordings
from auricle.training.staging import prediction_table

logger = logging.getLogger(__name__)

FloatArray = npt.NDArray[np.float32]
BATCH_SIZE = 32


@dataclass(frozen=True)
class Explanation:
    """What spoke for the model's answer, in the window where it was surest of it.

    Attributes:
        choice: the recording, and what was said of it.
        start_s: where the window begins, in seconds.
        probability: of the answer, in this window.
        spectrogram: float32 (bands, frames) of the window's real frames, in dB.
        heat: float32 of the same shape, 0 to 1: what spoke for the answer.
        heat_of_truth: the same for the truth, where the answer was another.
        time_attention: float32 (steps,), or None where the model has no attention over time.
        sample_rate: of the sounds, in Hz.
        sound: float32 (n,), the window; empty where the recording cannot be read any more.
        heard: float32 (n,), the window as `heat` weighs it.
    """

    choice: Choice
    start_s: float
    probability: float
    spectrogram: FloatArray
    heat: FloatArray
    heat_of_truth: FloatArray | None
    time_attention: FloatArray | None
    sample_rate: int
    sound: FloatArray
    heard: FloatArray


def explain_champion(
    bundle: BundleRef,
    predictions: pd.DataFrame,
    manifest: pd.DataFrame,
    *,
    store: SpectrogramStore,
    recordings: Path,
    limits: AudioLimits,
    params: ExplainParams,
) -> Iterator[Explanation]:
    """Explain a deep model's answers, one at a time; a recording without a spectrogram is left out.

    Out-of-fold predictions are by other models than the one in the bundle, which learned from all folds but
    the first. So under cross-validation it is asked anew, and about the first fold only.

    Raises:
        BundleError: the bundle holds no network on spectrograms.
    """
    extractor, model = load_extractor(bundle.path), load_deep(bundle)
    if not isinstance(extractor, FrontEnd) or not isinstance(model, SpectrogramModel):
        raise BundleError(
            f"{bundle.path} holds no network on spectrograms: there is nothing to lay a map on."
        )
    explainer = Explainer(model, extractor, bundle, resolve_device(params.device))
    if bundle.out_of_fold is not None:
        predictions = explainer.ask(manifest[manifest["fold"] == 0], store)
    choices = choose(predictions, manifest, params, bundle.config)
    told = told_instruments(bundle.config, manifest)
    playing = {recording_id: row for row, recording_id in enumerate(manifest["recording_id"])}
    there = [choice for choice in choices if choice.recording_id in store]
    for choice in track(there, description="Explaining"):
        instrument = None if told is None else int(told[playing[choice.recording_id]])
        yield explainer(choice, store[choice.recording_id], recordings / choice.path, limits, instrument)


@dataclass(frozen=True)
class Explainer:
    """A model, its front end, and where to compute."""

    model: SpectrogramModel
    front_end: FrontEnd
    bundle: BundleRef
    device: Any

    def ask(self, rows: pd.DataFrame, store: SpectrogramStore) -> pd.DataFrame:
        """This model's own predictions of recordings that other models were asked about out of fold."""
        usable = rows[(rows["status"] == "ok") & rows["recording_id"].isin(list(store))]
        ids = usable["recording_id"].to_numpy(dtype=object)
        scores = score_recordings(
            self.model,
            store,
            ids,
            instruments=told_instruments(self.bundle.config, usable),
            batch_size=BATCH_SIZE,
            device=self.device,
        )
        return prediction_table(ids, scores, self.bundle.vocabulary)

    def __call__(
        self,
        choice: Choice,
        stored: npt.NDArray[np.float16],
        path: Path,
        limits: AudioLimits,
        instrument: int | None = None,
    ) -> Explanation:
        """Explain one answer, of a recording in which this instrument plays."""
        frames, hop = self.bundle.config["window_frames"], self.bundle.config["hop_frames"]
        spectrogram = stored.astype(np.float32)
        vocabulary = list(self.bundle.vocabulary)
        answer = vocabulary.index(choice.predicted)
        windows = predict_windows(
            self.model, spectrogram, frames, hop, instrument=instrument, device=self.device
        )
        surest = int(windows.probabilities[:, answer].argmax())
        start = int(windows.starts[surest])
        length = min(frames, spectrogram.shape[1] - start)
        window = pad_to(spectrogram, frames)[:, start : start + frames]
        explained = partial(explain_window, device=self.device, instrument=instrument)
        evidence = explained(self.model, window, length, answer)
        of_truth = None
        if choice.label != choice.predicted and choice.label in vocabulary:
            truth = vocabulary.index(choice.label)
            of_truth = explained(self.model, window, length, truth).heat[:, :length]
        sound = self._sound(path, limits, start, length)
        heat = evidence.heat[:, :length]
        return Explanation(
            choice=choice,
            start_s=self.front_end.seconds(start),
            probability=float(windows.probabilities[surest, answer]),
            spectrogram=window[:, :length],
            heat=heat,
            heat_of_truth=of_truth,
            time_attention=evidence.time_attention,
            sample_rate=self.front_end.sample_rate,
            sound=sound,
            heard=filtered(sound, heat, self.front_end) if len(sound) else sound,
        )

    def _sound(self, path: Path, limits: AudioLimits, start: int, length: int) -> FloatArray:
        try:
            samples = decode(path, limits, self.front_end.sample_rate).samples
        except AudioError as error:
            logger.warning("%s cannot be played: %s", path, error)
            return np.empty(0, dtype=np.float32)
        hop = self.front_end.params.hop_length
        return samples[start * hop : (start + length) * hop]
