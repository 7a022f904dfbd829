"""The worst mistakes: where models were most sure and wrong, to be heard and seen."""

import base64
import io
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

import pandas as pd

from auricle.audio.isolation import map_isolated
from auricle.audio.limits import AudioLimits
from auricle.corpora.labels import LabelParams, with_implied
from auricle.errors import AudioError
from auricle.evaluation.excerpts import LEVELS, Excerpt, render_excerpt
from auricle.evaluation.kinds import Config
from auricle.evaluation.opinions import Opinion, opinions_on_class, opinions_on_labels
from auricle.evaluation.params import MistakeParams
from auricle.evaluation.scored import scored_rows
from auricle.evaluation.several_labels import SeveralLabels

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Mistake:
    """A recording that at least one model got wrong, and what all of them said.

    Attributes:
        recording_id: Of the manifest.
        path: Relative to the folder of recordings.
        label: The truth.
        opinions: One per model that judged it, in the order of the study.
        audio: The excerpt as a data URI, or None where there is none (see `note`).
        spectrogram: Its picture as a data URI, or None.
        start_s: Where the excerpt begins in the recording, in seconds.
        duration_s: Length of the excerpt, in seconds.
        note: Why there is nothing to hear; None where there is.
    """

    recording_id: str
    path: str
    label: str
    opinions: tuple[Opinion, ...]
    audio: str | None = None
    spectrogram: str | None = None
    start_s: float = 0.0
    duration_s: float = 0.0
    note: str | None = None


def worst_mistakes(
    predictions: Mapping[str, pd.DataFrame | None],
    manifest: pd.DataFrame,
    count: int,
    labels: LabelParams | None = None,
    configs: Mapping[str, Config] | None = None,
) -> list[Mistake]:
    """Choose recordings that models got wrong, the surest of each model's mistakes in turn.

    Args:
        predictions: Per model its predictions, None where it is not trained.
        manifest: The corpus.
        count: How many recordings at most.
        labels: How labels are read; one class a recording by default.
        configs: Per model `config.json` of its bundle; see `evaluate_model`.
    """
    labels = labels or LabelParams()
    opinions = {
        name: _opinions(name, table, manifest, labels, (configs or {}).get(name))
        for name, table in predictions.items()
        if table is not None
    }
    rankings = [_surest_first(found) for found in opinions.values()]
    in_turn = (r for r in chain.from_iterable(zip_longest(*rankings)) if r is not None)
    chosen = list(dict.fromkeys(in_turn))[:count]
    corpus = manifest[manifest["status"] == "ok"].set_index("recording_id")
    return [
        Mistake(
            recording_id=recording,
            path=str(corpus.at[recording, "path"]),
            label=_truth(corpus, recording, labels),
            opinions=tuple(found[recording] for found in opinions.values() if recording in found),
        )
        for recording in chosen
    ]


def with_excerpts(
    mistakes: Sequence[Mistake], recordings: Path, limits: AudioLimits, params: MistakeParams
) -> list[Mistake]:
    """Give each mistake a sound and a picture, as long as the page stays small.

    A recording that cannot be read (moved since, damaged) stays in the list with the reason.

    Args:
        mistakes: See `worst_mistakes`.
        recordings: The folder that their paths are relative to.
        limits: What may be decoded, and in how much time and memory: it happens in child processes.
        params: Length of the excerpts and size of the page.
    """
    if not mistakes:
        return []
    render = partial(render_excerpt, limits=limits, seconds=params.excerpt_seconds, n_mels=params.n_mels)
    paths = [recordings / mistake.path for mistake in mistakes]
    results = map_isolated(render, paths, limits=limits, description="excerpts")
    left = params.max_megabytes * 1e6
    finished = []
    for mistake, (_, result) in zip(mistakes, results, strict=True):
        entry = _with_result(mistake, result)
        size = len(entry.audio or "") + len(entry.spectrogram or "")
        if size > left:
            entry = replace(mistake, note="left out to keep the page small")
            size = 0
        left -= size
        finished.append(entry)
    return finished


def picture(excerpt: Excerpt) -> bytes:
    """PNG of a spectrogram in a perceptually even colour map, low frequencies below."""
    import matplotlib as mpl
    import numpy as np
    from PIL import Image

    colors = (mpl.colormaps["magma"](np.linspace(0, 1, LEVELS))[:, :3] * 255).round().astype(np.uint8)
    image = Image.fromarray(np.ascontiguousarray(excerpt.shades[::-1]), mode="P")
    image.putpalette(colors.ravel().tolist())
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def _with_result(mistake: Mistake, result: Excerpt | AudioError) -> Mistake:
    if isinstance(result, AudioError):
        logger.warning("No excerpt of %s: %s", mistake.path, result)
        return replace(mistake, note=f"cannot be played: {result}")
    return replace(
        mistake,
        audio=_data_uri("audio/mpeg", result.mp3),
        spectrogram=_data_uri("image/png", picture(result)),
        start_s=result.start_s,
        duration_s=result.duration_s,
    )


def _data_uri(media_type: str, content: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"


def _opinions(
    name: str, predictions: pd.DataFrame, manifest: pd.DataFrame, labels: LabelParams, config: Config | None
) -> dict[str, Opinion]:
    """What a model said of each recording that it is judged by."""
    if not labels.is_multi:
        return opinions_on_class(name, scored_rows(predictions, manifest))
    kind = SeveralLabels(labels)
    rows = kind.rows(predictions, manifest)
    return opinions_on_labels(name, kind.said(rows, predictions, manifest, config))


def _truth(corpus: pd.DataFrame, recording: str, labels: LabelParams) -> str:
    if not labels.is_multi:
        return str(corpus.at[recording, "label"])
    several: Any = corpus.at[recording, "labels"]
    return ", ".join(with_implied(several, labels.parents))


def _surest_first(found: Mapping[str, Opinion]) -> list[str]:
    """Recordings that a model got wrong, the most confident mistake first."""
    wrong = [recording for recording, opinion in found.items() if not opinion.right]
    return sorted(wrong, key=lambda recording: (-found[recording].margin, recording))
