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
WORDS = {"better": "less", "worse": "more", "open": "not shown to be other"}


def put_into_words(judged: Json, where_known: Json | None = None) -> Json:
    """What the differences of the absolute error show.

    Args:
        judged: See `auricle.evaluation.rating_figures.judge`.
        where_known: See `auricle.evaluation.ratings.evaluate_rater`.

    Returns:
        `beats`, `loses_to` (names of others that the error is shown to be below or above of), `of_use`
        (whether it beats all who hear nothing: also, where an artist has other ratings, on those recordings
        alone), `headline`, which says so, and `text`, a few sentences.
    """
    found: dict[str, list[str]] = {"better": [], "worse": [], "open": []}
    for name, figures in judged["differences"].items():
        found[_shown(figures["mae"])].append(name)
    beats = set(DEAF) <= set(found["better"])
    at_known = None if where_known is None else _shown(where_known["difference"])
    mae = judged["figures"][MODEL]["mae"]
    interval = "" if mae["interval"] is None else " ({:.3f} to {:.3f})".format(*mae["interval"])
    parts = [f"{WORDS[key]} than {_listed(judged, names)}" for key, names in found.items() if names]
    return {
        "beats": found["better"],
        "loses_to": found["worse"],
        "of_use": beats and at_known in (None, "better"),
        "headline": _headline(beats, at_known),
        "text": f"On {judged['recordings']} rated recordings of {judged['groups']} artists whom it has not"
        f" heard, its rating (0 to 1) is off by {mae['value']:.3f}{interval} on average: {'; '.join(parts)}."
        f"{_said_where_known(where_known)}",
    }


def _said_where_known(told: Json | None) -> str:
    if told is None:
        return ""
    return (
        f" Of the {told['recordings']} whose artist has others among them, its error is"
        f" {WORDS[_shown(told['difference'])]} than that of the artist's other ratings"
        f" ({_signed(told['difference'])})."
    )


def _headline(beats: bool, at_known: str | None) -> str:
    """One sentence; where an artist has no other rating, to beat the mean of all is no great feat."""
    if not beats:
        return "It is not shown to rate unheard artists better than ratings alone do."
    if at_known is None:
        return (
            "It rates unheard artists better than the mean rating does; artists with several ratings are too"
            " few to compare it with these."
        )
    if at_known == "better":
        return "It rates unheard artists better than ratings alone do, those too who have other ratings."
    where = "is shown to be worse" if at_known == "worse" else "is not shown to be better"
    return (
        "Over all it rates unheard artists better than ratings alone do; where an artist has other ratings,"
        f" it {where} than these."
    )


def _shown(difference: Json) -> str:
    """What an error's difference shows: `better`, `worse` or, where no interval excludes zero, `open`."""
    low, high = difference["interval"] or (-1.0, 1.0)
    return "better" if high < 0 else "worse" if low > 0 else "open"


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
