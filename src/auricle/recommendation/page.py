"""The page of recommendations: the list to be heard, how sure each rating is, and what stands behind it."""

from pathlib import Path
from typing import Any, cast

import pandas as pd

from auricle.audio.limits import AudioLimits
from auricle.evaluation.pages import page_environment, style_sheet
from auricle.evaluation.report import SYNTHESIZED
from auricle.explanation.sounds import Playable, playable
from auricle.recommendation.params import RecommendationPageParams
from auricle.recommendation.recommend import NEAR

Json = dict[str, Any]
STARS = 5


def render_recommendations(
    table: pd.DataFrame,
    figures: Json,
    *,
    recordings: Path,
    limits: AudioLimits,
    params: RecommendationPageParams,
    name: str,
    source: Json,
) -> str:
    """The page as HTML, self-contained and without a script.

    Args:
        table: of recommendations.
        figures: of `auricle.recommendation.recommend.Recommended`.
        recordings: the folder that paths are relative to.
        limits: what may be decoded.
        params: how much can be heard.
        name: of the model, such as "ratings.rater".
        source: where the recordings come from, see `auricle.evaluation.report.render_report`.
    """
    listed = table[table["rank"].notna()]
    sounds = playable(
        listed["path"].tolist(),
        recordings,
        limits,
        seconds=params.excerpt_seconds,
        megabytes=params.max_megabytes,
    )
    environment = page_environment()
    environment.filters["stars"] = stars
    return environment.get_template("recommendations.html.j2").render(
        css=style_sheet(environment),
        name=name,
        figures=figures,
        entries=[_entry(row, sound) for row, sound in zip(_rows(listed), sounds, strict=True)],
        remarks=[SYNTHESIZED] * bool(source.get("synthesized")),
    )


def stars(rating: float) -> str:
    """A rating from 0 to 1 in stars, with one decimal."""
    return f"{STARS * rating:.1f}"


def _rows(listed: pd.DataFrame) -> list[Json]:
    return cast("list[Json]", listed.to_dict("records"))


def _entry(row: Json, sound: Playable) -> Json:
    near = zip(*(row[name] for name in NEAR), strict=True)
    return {
        "rank": int(row["rank"]),
        "title": Path(row["path"]).stem,
        "path": row["path"],
        "artist": None if pd.isna(row["artist"]) else row["artist"],
        "range": {
            name: float(row[key]) for name, key in (("value", "rating"), ("low", "low"), ("high", "high"))
        },
        "sound": sound,
        "near": [
            {"path": path, "title": Path(path).stem, "rating": float(rating), "similarity": float(cosine)}
            for _, path, rating, cosine in near
        ],
    }
