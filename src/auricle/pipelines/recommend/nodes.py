"""The nodes that recommend what is not rated yet. Heavy imports stand inside the functions."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from auricle.audio.front_ends import load_front_end
from auricle.audio.limits import AudioLimits
from auricle.audio.waveform_store import WaveformStore
from auricle.corpora.params import IngestParams
from auricle.models.bundle import BundleRef
from auricle.recommendation.params import RecommendationParams

PLAYLIST = "recommended"


def embed_unheard(
    champion: BundleRef | None,
    known_windows: pd.DataFrame | None,
    manifest: pd.DataFrame,
    waveforms: Path,
    recommendation: RecommendationParams,
    name: str,
) -> Iterator[pd.DataFrame]:
    """The windows of recordings that this champion has not embedded yet, part by part."""
    from auricle.recommendation.corpus import check_corpus, check_trained
    from auricle.recommendation.windows import embed_windows

    champion = check_trained(champion, name)
    check_corpus(manifest, recommendation.artist)
    with WaveformStore.open(waveforms, load_front_end(champion.path).digest) as store:
        yield from embed_windows(
            champion,
            known_windows,
            manifest,
            store,
            device=recommendation.device,
            batch_size=recommendation.batch_size,
        )


def recommend_unrated(
    champion: BundleRef,
    windows: pd.DataFrame,
    manifest: pd.DataFrame,
    near_duplicates: pd.DataFrame,
    recordings: Path,
    recommendation: RecommendationParams,
) -> dict[str, Any]:
    """All unrated recordings, the list among them as a playlist, and how sure the ratings are."""
    from auricle.recommendation.recommend import flat, recommend, tracks_of

    found = recommend(champion, windows, manifest, near_duplicates, recommendation)
    folder = recordings.absolute()
    tracks = [(str(folder / path), seconds) for path, seconds in tracks_of(found.table)]
    return {
        "recommendations": found.table,
        "recommendations_csv": flat(found.table),
        "recommended": {PLAYLIST: tracks},
        "recommendation_figures": found.figures,
    }


def draw_recommendations(
    recommendations: pd.DataFrame,
    figures: dict[str, Any],
    recordings: Path,
    source: dict[str, Any],
    recommendation: RecommendationParams,
    decoding: AudioLimits,
    name: str,
) -> str:
    """The page, with players."""
    from auricle.recommendation.page import render_recommendations

    return render_recommendations(
        recommendations,
        figures,
        recordings=recordings,
        limits=decoding,
        params=recommendation.page,
        name=name,
        source=source,
    )


def write_ratings(
    champion: BundleRef,
    recommendations: pd.DataFrame,
    recordings: Path,
    tag_directory: Path,
    recommendation: RecommendationParams,
    ingest: IngestParams,
    decoding: AudioLimits,
) -> None:
    """Expected ratings in the files' own tags, where that is asked for."""
    if recommendation.tags.mode == "none":
        return
    from auricle.recommendation.tags import style_of, tag_ratings

    tag_ratings(
        recommendations,
        recordings,
        tag_directory / champion.version,
        champion=champion,
        params=recommendation.tags,
        style=style_of(recommendation.tags, ingest.layout, ingest.layout_options),
        limits=decoding,
    )
