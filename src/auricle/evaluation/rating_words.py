"""What figures of ratings, and what a rater is judged beside, are called."""

from typing import Any

from auricle.evaluation.rating_figures import (
    FOREST,
    GROUP_MEAN,
    MEAN,
    MODEL,
    NEIGHBOURS,
    OWN_NEIGHBOURS,
)

Json = dict[str, Any]
FIGURES = {
    "mae": "mean absolute error",
    "rmse": "root mean squared error",
    "spearman": "Spearman",
    "kendall": "Kendall",
    "ndcg_at_10": "NDCG@10",
    "precision_at_10": "precision@10 of liked",
    "calibration_error": "calibration error",
}
OTHERS = {
    MEAN: "the mean rating",
    GROUP_MEAN: "the artist's other ratings",
    NEIGHBOURS: "the nearest by hand-crafted features",
    OWN_NEIGHBOURS: "the nearest by its own embeddings",
    FOREST: "a forest on hand-crafted features",
}
NAMES = {MODEL: "rater", **OTHERS}
# What a model has to beat to be of any use: neither hears a sound.
DEAF = (MEAN, GROUP_MEAN)


def put_into_words(judged: Json, where_known: Json | None = None) -> Json:
    """What the differences of the absolute error show.

    Args:
        judged: See `auricle.evaluation.rating_figures.judge`.
        where_known: See `auricle.evaluation.ratings.evaluate_rater`.

    Returns:
        `beats`, `loses_to` (names of others that the error is shown to be below or above of), `of_use`
        (whether it beats all who hear nothing) and `text`, a few sentences.
    """
    found: dict[str, list[str]] = {"better": [], "worse": [], "open": []}
    for name, figures in judged["differences"].items():
        low, high = figures["mae"]["interval"] or (-1.0, 1.0)
        found["better" if high < 0 else "worse" if low > 0 else "open"].append(name)
    mae = judged["figures"][MODEL]["mae"]
    interval = "" if mae["interval"] is None else " ({:.3f} to {:.3f})".format(*mae["interval"])
    words = {"better": "less than", "worse": "more than", "open": "not shown to be other than"}
    parts = [f"{words[key]} {_listed(judged, names)}" for key, names in found.items() if names]
    return {
        "beats": found["better"],
        "loses_to": found["worse"],
        "of_use": set(DEAF) <= set(found["better"]),
        "text": f"On {judged['recordings']} rated recordings of {judged['groups']} artists whom it has not"
        f" heard, its rating (0 to 1) is off by {mae['value']:.3f}{interval} on average: {'; '.join(parts)}."
        f"{_said_where_known(where_known)}",
    }


def _said_where_known(told: Json | None) -> str:
    if told is None:
        return ""
    low, high = told["difference"]["interval"] or (-1.0, 1.0)
    shown = "less" if high < 0 else "more" if low > 0 else "not shown to be other"
    return (
        f" Of the {told['recordings']} whose artist has others among them, its error is {shown} than that"
        f" of the artist's other ratings ({_signed(told['difference'])})."
    )


def in_words(metrics: Json) -> str:
    """How the table of figures is to be read."""
    return (
        f"All but the rater know the {metrics['learned_from']} ratings of training and validation. The"
        " artist's other ratings are the mean of an artist's judged recordings but for the one that is asked"
        " about, which no model is told; of an artist with one rating it is the mean rating."
        f" Liked is what is rated {metrics['liked']:g} or more."
    )


def _listed(judged: Json, names: list[str]) -> str:
    told = [f"{OTHERS.get(name, name)} ({_signed(judged['differences'][name]['mae'])})" for name in names]
    return told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"


def _signed(entry: Json) -> str:
    interval = "" if entry["interval"] is None else ", {:+.3f} to {:+.3f}".format(*entry["interval"])
    return f"{entry['value']:+.3f}{interval}"
