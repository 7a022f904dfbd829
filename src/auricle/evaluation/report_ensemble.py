"""What the report shows of an ensemble: what it is worth beside its members, and what each adds."""

from typing import Any

from auricle.evaluation.verdict import FIGURE_NAMES, listed, model_name

Json = dict[str, Any]

METHODS = {
    "mean": "the mean of their probabilities",
    "weighted": "a weighted mean of their probabilities",
    "stacking": "a logistic regression on the logarithms of their probabilities",
    "rank_mean": "the mean of their ranks among validation recordings",
}
LEARNED_ON = {
    "out_of_fold": "recordings of the other folds, each by what its members say out of fold",
    "validation": "validation recordings",
}


def ensemble_view(contributions: Json) -> Json:
    """The section's sentences, and a row for each member.

    Returns:
        `text`, `lead`, `figures` (names), `warnings`, and `rows`: per member `model`, `weight` (text), `own`
        (its figures), `against` and `adds` (differences, each per figure in order).
    """
    names = contributions["compared"]
    return {
        "text": contributions["verdict"]["text"],
        "lead": _lead(contributions),
        "figures": [FIGURE_NAMES[name] for name in names],
        "own": [contributions["ensemble"][name] for name in names],
        "weighs": any(member["weight"] is not None for member in contributions["members"]),
        "warnings": contributions["warnings"],
        "rows": [
            {
                "model": member["model"],
                "weight": "" if member["weight"] is None else f"{member['weight']:.3f}",
                "own": [member["figures"][name] for name in names],
                "against": [d for d in contributions["against"] if d["than"] == member["model"]],
                "adds": [d for d in contributions["adds"] if d["than"] == f"without {member['model']}"],
            }
            for member in contributions["members"]
        ],
    }


def combined_text(config: Json, learned_from: Json) -> str:
    """How an ensemble came about, in a sentence."""
    members = listed([model_name(entry["model"]) for entry in config.get("members", [])])
    where = LEARNED_ON.get(learned_from["split"], learned_from["split"])
    return (
        f"{METHODS.get(config.get('method', ''), 'A combination')[0].upper()}"
        f"{METHODS.get(config.get('method', ''), 'A combination')[1:]}: {members}. It has learned from"
        f" {learned_from['recordings']:,} {where}."
    )


def _lead(contributions: Json) -> str:
    members = listed([model_name(member["model"]) for member in contributions["members"]])
    return (
        f"{members[0].upper()}{members[1:]} answer together, by {METHODS[contributions['method']]}, on"
        f" {contributions['recordings']:,} judged recordings that all of them know, from"
        f" {contributions['groups']:,} groups."
    )
