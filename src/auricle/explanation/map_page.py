"""The page of an embedding map: points to look at and to hear, and figures that say how much to believe."""

import base64
import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from auricle.audio.limits import AudioLimits
from auricle.evaluation.pages import page_environment, style_sheet
from auricle.evaluation.report import SYNTHESIZED
from auricle.explanation.judged import in_turn
from auricle.explanation.page import FIRST_FOLD
from auricle.explanation.params import MapParams
from auricle.explanation.projection import UNCLUSTERED
from auricle.explanation.sounds import FULL, Playable, playable

Json = dict[str, Any]

WIDTH, HEIGHT, MARGIN = 1000, 680, 24
# Thirty pairs of colour and shape: the numbers of both have no common factor.
COLORS = 6
SHAPES = (
    "M0-1a1 1 0 1 0 .01 0z",
    "M-.85-.85h1.7v1.7h-1.7z",
    "M0-1.15 1.1.85h-2.2z",
    "M0-1.25 1.25 0 0 1.25-1.25 0z",
    "M-.35-1.1h.7v.75h.75v.7h-.75v.75h-.7v-.75h-.75v-.7h.75z",
)
PLAIN = {"color": None, "shape": 0}
NO_LABEL, NO_CLUSTER = "no known label", "in no cluster"
FOREST_FOLDS = (
    "Only the first fold is shown, as for the networks. A forest's embedding is its features, standardized:"
    " no label had a part in it."
)
METHODS = {"kmeans": "k-means", "hdbscan": "HDBSCAN"}


def render_map(
    found: Json,
    *,
    recordings: Path,
    limits: AudioLimits,
    params: MapParams,
    model: str,
    source: Json,
    is_folded: bool = False,
) -> str:
    """The page as HTML, self-contained; its script is named by its hash, and no other may run.

    Args:
        found: of `auricle.explanation.embedding_map.embedding_map`.
        recordings: the folder that paths are relative to.
        limits: what may be decoded.
        params: how much may be heard.
        model: of the study's table, such as "cnn".
        source: where the recordings come from, see `auricle.evaluation.report.render_report`.
        is_folded: whether the model was trained under cross-validation.
    """
    folded = FOREST_FOLDS if model == "random_forest" else FIRST_FOLD
    environment = page_environment()
    return environment.get_template("embedding_map.html.j2").render(
        css=style_sheet(environment),
        model=model,
        figures=found["figures"],
        remarks=[SYNTHESIZED] * bool(source.get("synthesized")) + [folded] * is_folded,
        **map_context(found, recordings=recordings, limits=limits, params=params),
    )


def map_context(found: Json, *, recordings: Path, limits: AudioLimits, params: MapParams) -> dict[str, Any]:
    """What `map_panel.html.j2` and its script are made from.

    Args:
        found: `points`, which may have `near`, the recordings that are listed when one is chosen; what else
            there is goes to the template.
        recordings: the folder that paths are relative to.
        limits: what may be decoded.
        params: how much may be heard, and the method of clustering.
    """
    environment = page_environment()
    assert environment.loader is not None
    script = environment.loader.get_source(environment, "embedding_map.js")[0]
    points = found["points"]
    sounds = _sounds(points, recordings, limits, params)
    legends = {"label": _legend(sorted(point["primary"] or NO_LABEL for point in points), NO_LABEL)}
    numbers = sorted(point["cluster"] for point in points)
    legends["cluster"] = _legend([_cluster_name(number) for number in numbers], NO_CLUSTER)
    return {
        "script": Markup(script),  # noqa: S704  (of this package)
        "script_hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii"),
        "found": found,
        "method": METHODS[params.cluster_by],
        "width": WIDTH,
        "height": HEIGHT,
        "shapes": SHAPES,
        "radius": _radius(len(points)),
        "legends": legends,
        "points": _views(points, legends, sounds),
        "heard": sum(sound.uri is not None for sound in sounds),
        "data": {
            "points": [_data(point, sound) for point, sound in zip(points, sounds, strict=True)],
            "legends": legends,
            "shapes": SHAPES,
        },
    }


def _views(points: Sequence[Json], legends: dict[str, list[Json]], sounds: Sequence[Playable]) -> list[Json]:
    places = _places(np.array([[point["x"], point["y"]] for point in points]).reshape(-1, 2))
    of_label = _places_in(legends["label"])
    of_cluster = _places_in(legends["cluster"])
    return [
        {
            **point,
            "place": place,
            "label": of_label[point["primary"] or NO_LABEL],
            "group": of_cluster[_cluster_name(point["cluster"])],
            "told": ", ".join(point["labels"]) or NO_LABEL,
            "cluster_name": _cluster_name(point["cluster"]),
            "sound": sound,
        }
        for point, place, sound in zip(points, places, sounds, strict=True)
    ]


def _sounds(
    points: Sequence[Json], recordings: Path, limits: AudioLimits, params: MapParams
) -> list[Playable]:
    """Excerpts of some points, of each label in turn; the others have their path only."""
    order = in_turn(
        pd.DataFrame(
            {"labels": [(point["primary"],) for point in points], "path": [point["path"] for point in points]}
        ),
        params.sounds,
    )
    found = playable(
        order["path"].tolist(),
        recordings,
        limits,
        seconds=params.excerpt_seconds,
        megabytes=params.max_megabytes,
    )
    of_point = dict(zip(order.index, found, strict=True))
    return [of_point.get(index, Playable(note=FULL)) for index in range(len(points))]


def _data(point: Json, sound: Playable) -> Json:
    """What the script must know of a point beyond what stands in the page."""
    return {
        "path": point["path"],
        "labels": ", ".join(point["labels"]) or NO_LABEL,
        "cluster": _cluster_name(point["cluster"]),
        "sound": sound.uri,
        "note": sound.note,
        "start": round(sound.start_s, 1),
        **({"near": point["near"]} if "near" in point else {}),
    }


def _legend(names: Sequence[str], plain: str) -> list[Json]:
    """What colours and shapes mean, the most common first, else in the order of the names.

    Beyond thirty names all are plain.
    """
    counts = Counter(name for name in names if name != plain).most_common()
    entries = [{"name": name, "count": count} | _style(place) for place, (name, count) in enumerate(counts)]
    left = sum(name == plain for name in names)
    return entries + [{"name": plain, "count": left} | PLAIN] * bool(left)


def _style(place: int) -> Json:
    if place >= COLORS * len(SHAPES):
        return PLAIN
    return {"color": place % COLORS + 1, "shape": place % len(SHAPES)}


def _places_in(legend: Sequence[Json]) -> dict[str, int]:
    return {entry["name"]: place for place, entry in enumerate(legend)}


def _cluster_name(number: int) -> str:
    return NO_CLUSTER if number == UNCLUSTERED else f"cluster {number + 1}"


def _radius(count: int) -> float:
    return 9.0 if count <= 150 else 6.5 if count <= 600 else 4.5


def _places(coordinates: np.ndarray[Any, np.dtype[np.float64]]) -> list[tuple[float, float]]:
    """Coordinates in the picture: one scale for both axes, so that distances stay comparable."""
    if not len(coordinates):
        return []
    low, high = coordinates.min(axis=0), coordinates.max(axis=0)
    room = np.array([WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN])
    spread = high - low
    with np.errstate(divide="ignore"):
        scale = float(np.min(np.where(spread > 0, room / spread, np.inf)))
    scale = scale if np.isfinite(scale) else 1.0
    middle = np.array([WIDTH, HEIGHT]) / 2
    placed = middle + (coordinates - (low + high) / 2) * scale * np.array([1, -1])
    return [(round(float(x), 1), round(float(y), 1)) for x, y in placed]
