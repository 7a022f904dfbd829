"""What recommendations on the demo corpus are worth, by what its listener would say of the unrated.

    kedro run --pipelines=train_rating && kedro run --pipelines=recommend
    python benchmarks/recommending.py

`metadata.csv` of the demo corpus tells what the invented listener would say of clips not rated yet
(`would_say`), which neither model nor pipeline reads. It is run in the project's folder, after a training.
"""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from auricle.recommendation.choice import directions_of
from auricle.recommendation.params import RecommendationParams
from auricle.recommendation.recommend import Recommended, recommend

DIVERSITIES = (0.0, 0.2, 0.4, 0.6, 0.8)
LIKED = 3.5
STARS = 5
OF_MODEL, OF_CORPUS = ("champion", "windows", "embeddings"), ("manifest", "near_duplicates", "recordings")


def main() -> None:
    logging.disable(logging.INFO)
    project = Path.cwd()
    bootstrap_project(project)
    with KedroSession.create(project) as session:
        context = session.load_context()
        names = {name: f"ratings.rater.{name}" for name in OF_MODEL}
        names |= {name: f"ratings.{name}" for name in OF_CORPUS}
        loaded = {name: context.catalog.load(full) for name, full in names.items()}
        params = RecommendationParams.model_validate(context.params["ratings"]["recommendation"])
    listed = pd.read_csv(loaded.pop("recordings") / "metadata.csv").rename(columns={"file_name": "path"})
    embeddings = loaded.pop("embeddings")
    recommended = {
        diversity: recommend(**loaded, params=params.model_copy(update={"diversity": diversity}))
        for diversity in sorted({*DIVERSITIES, params.diversity})
    }
    usual = with_truth(recommended[params.diversity], listed)
    print_intervals(recommended[params.diversity].figures, usual)
    expected = STARS * usual["rating"][usual["rank"].notna()].mean()
    print(f"all unrated: {told(usual)}; of the list of {params.diversity:g} expected: {expected:.2f} stars\n")
    print(f"{'diversity':<12}{'of the list':<28}{'mean cosine':>12}{'artists':>9}")
    for diversity, found in recommended.items():
        rows = with_truth(found, listed)
        chosen = rows[rows["rank"].notna()]
        cosine = mean_cosine(embeddings, chosen["recording_id"])
        print(f"{diversity:<12g}{told(chosen):<28}{cosine:>12.2f}{chosen['artist'].nunique():>9}")


def with_truth(found: Recommended, listed: pd.DataFrame) -> pd.DataFrame:
    """Every unrated recording with `would_say`, in stars."""
    return found.table.merge(listed[["path", "would_say"]], on="path", validate="one_to_one")


def print_intervals(figures: dict[str, Any], unrated: pd.DataFrame) -> None:
    coverage = figures["coverage"]
    print(f"{figures['rated']} rated, {figures['unrated']} unrated; intervals of {coverage['level']:.0%}")
    for name in ("intervals", "dropout"):
        of = coverage[name]
        within = f"{of['coverage']:.3f} ({of['low']:.3f} to {of['high']:.3f})"
        print(
            f"  {name}, {coverage['groups']} artists of test: {within}, {STARS * of['width']:.1f} stars wide"
        )
    truth = unrated["would_say"] / STARS
    inside = truth.between(unrated["low"] - 1e-6, unrated["high"] + 1e-6)
    width = STARS * (unrated["high"] - unrated["low"]).mean()
    print(f"  intervals, {len(unrated)} unrated (would_say): {inside.mean():.3f}, {width:.1f} stars wide")


def told(rows: pd.DataFrame) -> str:
    return f"{rows['would_say'].mean():.2f} stars, {(rows['would_say'] >= LIKED).mean():.0%} liked"


def mean_cosine(embeddings: pd.DataFrame, recording_ids: Any) -> float:
    """Between two of these, of embeddings less the mean of all, as diversity sees them."""
    directions = directions_of(np.stack(list(embeddings["embedding"])).astype(np.float32))
    chosen = directions[embeddings["recording_id"].isin(recording_ids).to_numpy()]
    cosines = chosen @ chosen.T
    return float(cosines[np.triu_indices(len(chosen), 1)].mean())


if __name__ == "__main__":
    main()
