"""The page of augmentations: training recordings and what is made of them, to be seen and heard."""

import base64
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import soxr

from auricle.audio.decode import decode
from auricle.audio.frontend import FrontEnd
from auricle.audio.guard import Kind
from auricle.audio.limits import AudioLimits
from auricle.audio.waveform_augment import VariantParams
from auricle.corpora.guard import Spared, guard_rows
from auricle.corpora.selection import training_paths
from auricle.errors import AudioError, CorpusError
from auricle.evaluation.excerpts import SAMPLE_RATE, encode_mp3, loudest_start
from auricle.evaluation.pages import page_environment, style_sheet
from auricle.explanation.augmentations import Altered, FloatArray, altered
from auricle.explanation.params import AugmentationsParams
from auricle.explanation.pictures import spectrogram_picture
from auricle.training.params import AugmentParams

logger = logging.getLogger(__name__)

Json = dict[str, Any]
WORDS: dict[Kind, str] = {"pitch": "another pitch", "stretch": "another tempo", "noise": "noise"}


class Excerpt(NamedTuple):
    """The loudest part of a recording, mono at the front end's rate, float32 (n,)."""

    recording_id: str
    path: str
    waveform: FloatArray


def render_augmentations(
    manifest: pd.DataFrame,
    *,
    recordings: Path,
    limits: AudioLimits,
    front_end: FrontEnd,
    augment: AugmentParams,
    variants: VariantParams,
    crop_seconds: float,
    params: AugmentationsParams,
    parents: Mapping[str, str] | None = None,
) -> str:
    """The page as HTML, self-contained.

    Args:
        manifest: of the corpus; training recordings are shown, the first of each label in turn.
        recordings: the folder that its paths are relative to.
        limits: what may be decoded.
        front_end: of the study.
        augment: of the model's training.
        variants: of the study.
        crop_seconds: length of the model's crops in training.
        params: how many recordings, and how long.
        parents: child to parent of labels, for the guard.

    Raises:
        CorpusError: fewer than two training recordings can be decoded.
    """
    excerpts = _excerpts(manifest, recordings, limits, front_end, params)
    spared = Spared.of(manifest, variants, parents or {})
    shown = [
        {
            "path": excerpt.path,
            "views": [
                _view(change, front_end, spared.recordings.get(excerpt.recording_id, ()))
                for change in altered(
                    excerpt.waveform,
                    excerpts[place - 1].waveform,
                    front_end,
                    augment,
                    variants,
                    crop_seconds,
                    params.seed + place,
                )
            ],
        }
        for place, excerpt in enumerate(excerpts)
    ]
    environment = page_environment()
    return environment.get_template("augmentations.html.j2").render(
        css=style_sheet(environment),
        model=params.model,
        enabled=augment.enabled,
        variants=variants,
        words=WORDS,
        learned=len(training_paths(manifest)),
        guard=guard_rows(manifest, variants.guard, parents or {}),
        spared={kind: count for kind, count in spared.counts().items() if count},
        recordings=shown[: params.count],
    )


def _excerpts(
    manifest: pd.DataFrame,
    recordings: Path,
    limits: AudioLimits,
    front_end: FrontEnd,
    params: AugmentationsParams,
) -> list[Excerpt]:
    """The loudest parts of training recordings of different labels, two at least: mixup needs another one."""
    found = []
    for recording_id, path in _in_turn(manifest):
        try:
            samples = decode(recordings / path, limits, front_end.sample_rate).samples
        except AudioError as error:
            logger.warning("%s is not shown: %s", path, error)
            continue
        length = round(params.seconds * front_end.sample_rate)
        start = loudest_start(samples, length) if len(samples) > length else 0
        found.append(Excerpt(recording_id, path, samples[start : start + length]))
        if len(found) == max(2, params.count):
            break
    if len(found) < 2:
        raise CorpusError(
            f"{len(found)} training recordings can be decoded, and augmentation is shown with two at least:"
            " mixup mixes one with another. Run the pipeline ingest, and look into its data report."
        )
    return found


def _in_turn(manifest: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Identifiers and paths of training recordings: the first of each label, then the second ones."""
    learned = manifest[manifest["recording_id"].isin(training_paths(manifest))].sort_values("path")
    turn = learned.groupby("label", dropna=False).cumcount()
    ordered = learned.assign(turn=turn).sort_values(["turn", "path"])
    yield from zip(ordered["recording_id"], ordered["path"], strict=True)


def _view(change: Altered, front_end: FrontEnd, spared: tuple[Kind, ...]) -> Json:
    level = np.float32(1.0 if (loudest := float(np.abs(change.sound).max())) <= 1 else 1 / loudest)
    sound = soxr.resample(change.sound * level, front_end.sample_rate, SAMPLE_RATE)
    picture = spectrogram_picture(change.spectrogram, span=(-40.0, 40.0))
    return {
        "title": change.title,
        "text": change.text,
        "spared": change.kind in spared,
        "picture": f"data:image/png;base64,{base64.b64encode(picture).decode('ascii')}",
        "sound": f"data:audio/mpeg;base64,{base64.b64encode(encode_mp3(sound)).decode('ascii')}",
    }
