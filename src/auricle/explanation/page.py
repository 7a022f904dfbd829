"""The page of explanations of one model: what it listened to, to be seen and heard."""

import base64
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import soxr

from auricle.evaluation.excerpts import SAMPLE_RATE, encode_mp3
from auricle.evaluation.pages import page_environment, style_sheet
from auricle.evaluation.report import SYNTHESIZED
from auricle.explanation.explain import Explanation
from auricle.explanation.pictures import spectrogram_picture

Json = dict[str, Any]

FIRST_FOLD = (
    "Under cross-validation this network learned from all folds but the first, by which its epoch was chosen."
    " It was asked about recordings of that fold; the figures of the report are by the networks of the folds."
)


def render_explanations(
    explanations: Iterable[Explanation], *, model: str, source: Json, is_folded: bool = False
) -> str:
    """The page as HTML, self-contained.

    Args:
        explanations: in the order of the page; each is pictured as it comes, and let go.
        model: of the study's table, such as "cnn".
        source: where the recordings come from, see `auricle.evaluation.report.render_report`.
        is_folded: whether the model was trained under cross-validation.
    """
    environment = page_environment()
    items = [_view(explanation) for explanation in explanations]
    return environment.get_template("explanations.html.j2").render(
        css=style_sheet(environment),
        model=model,
        remarks=[SYNTHESIZED] * bool(source.get("synthesized")) + [FIRST_FOLD] * is_folded,
        items=items,
        attends=any(item["attention"] for item in items),
    )


def _view(explanation: Explanation) -> Json:
    choice, spectrogram = explanation.choice, explanation.spectrogram
    truth = explanation.heat_of_truth
    attention = explanation.time_attention
    return {
        "choice": choice,
        "right": choice.label == choice.predicted,
        "start_s": explanation.start_s,
        "probability": explanation.probability,
        "spectrogram": _uri("image/png", spectrogram_picture(spectrogram)),
        "heat": _uri("image/png", spectrogram_picture(spectrogram, explanation.heat)),
        "nothing": not explanation.heat.any(),
        "truth": None if truth is None else _uri("image/png", spectrogram_picture(spectrogram, truth)),
        "attention": [] if attention is None else (attention / attention.max()).tolist(),
        "sound": _sound(explanation.sound, explanation.sample_rate),
        "heard": _sound(explanation.heard, explanation.sample_rate),
    }


def _sound(samples: npt.NDArray[np.float32], rate: int) -> str | None:
    if not len(samples):
        return None
    return _uri("audio/mpeg", encode_mp3(soxr.resample(samples, rate, SAMPLE_RATE)))


def _uri(media_type: str, content: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"
