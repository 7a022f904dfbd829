"""The worst mistakes: where models were most sure and wrong, to be heard and seen."""

import base64
import io
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, zip_longest
from pathlib import Path

import pandas as pd

from auricle.audio.isolation import map_isolated
from auricle.audio.limits import AudioLimits
from auricle.errors import AudioError
from auricle.evaluation.excerpts import LEVELS, Excerpt, render_excerpt
from auricle.evaluation.params import MistakeParams
from auricle.evaluation.scored import Scored, scored_rows

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Opinion:
    """What one model said of a recording."""

    model: str
    predicted: str
    confidence: float
    probability_of_truth: float

    @property
    def margin(self) -> float:
        """How much more it believed its answer than the truth; 0 where it was right."""
        return self.confidence - self.probability_of_truth


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
    predictions: Mapping[str, pd.DataFrame | None], manifest: pd.DataFrame, count: int
) -> list[Mistake]:
    """Choose recordings that models got wrong, the surest of each model's mistakes in turn.

    Args:
        predictions: Per model its predictions, None where it is not trained.
        manifest: The corpus.
        count: How many recordings at most.
    """
    scored = {name: scored_rows(table, manifest) for name, table in predictions.items() if table is not None}
    opinions = {name: _opinions(name, rows) for name, rows in scored.items()}
    rankings = [_surest_first(found) for found in opinions.values()]
    in_turn = (r for r in chain.from_iterable(zip_longest(*rankings)) if r is not None)
    chosen = list(dict.fromkeys(in_turn))[:count]
    corpus = manifest[manifest["status"] == "ok"].set_index("recording_id")
    return [
        Mistake(
            recording_id=recording,
            path=str(corpus.at[recording, "path"]),
            label=str(corpus.at[recording, "label"]),
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


def _opinions(name: str, rows: Scored) -> dict[str, Opinion]:
    predicted = rows.probabilities.argmax(axis=1)
    return {
        str(rows.ids[i]): Opinion(
            model=name,
            predicted=rows.vocabulary[predicted[i]],
            confidence=float(rows.probabilities[i, predicted[i]]),
            probability_of_truth=float(rows.probabilities[i, rows.y_true[i]]),
        )
        for i in range(len(rows))
    }


def _surest_first(found: Mapping[str, Opinion]) -> list[str]:
    """Recordings that a model got wrong, the most confident mistake first."""
    wrong = [recording for recording, opinion in found.items() if opinion.margin > 0]
    return sorted(wrong, key=lambda recording: (-found[recording].margin, recording))
