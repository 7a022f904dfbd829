"""The comparison in words: which model leads, by how much, and whether that is shown."""

from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]

FIGURE_NAMES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro-F1",
    "top_k_accuracy": "top-k accuracy",
    "roc_auc": "ROC-AUC",
    "mcc": "Matthews correlation",
    "log_loss": "log loss",
    "ece": "calibration error",
    "log_loss_calibrated": "log loss after scaling",
    "ece_calibrated": "calibration error after scaling",
    "mean_average_precision": "mAP",
    "micro_average_precision": "micro-AP",
    "micro_roc_auc": "micro-ROC-AUC",
    "micro_f1": "micro-F1",
    "samples_f1": "F1 of samples",
    "jaccard": "Jaccard index",
    "hamming_loss": "Hamming loss",
    "macro_f1_at_half": "macro-F1 at 0.5",
    "micro_f1_at_half": "micro-F1 at 0.5",
    "samples_f1_at_half": "F1 of samples at 0.5",
    "jaccard_at_half": "Jaccard index at 0.5",
    "hamming_loss_at_half": "Hamming loss at 0.5",
    "coverage_error": "coverage error",
    "label_ranking_precision": "label ranking precision",
    "label_ranking_loss": "label ranking loss",
    "log_loss_unweighted": "log loss, weights undone",
    "ece_unweighted": "calibration error, weights undone",
}
MODEL_NAMES = {
    "random_forest": "Random Forest",
    "cnn": "CNN",
    "hybrid": "CNN-RNN",
    "resnet": "ResNet",
    "cnn_lstm": "CNN-LSTM",
    "transfer": "pretrained encoder",
    "wav2vec2": "wav2vec 2.0",
    "note_analyzer": "note analyzer",
    "note_analyzer_small": "small note analyzer",
    "ensemble": "ensemble",
    "rater": "rater",
    "majority": "majority baseline",
    "prevalence": "prevalence baseline",
}
BASELINE_WORDS = {
    "majority": "always naming the most frequent class",
    "prevalence": "taking each label for as probable as it is common",
}
SPLIT_WORDS = {
    "test": "test recordings",
    "validation": "validation recordings",
    "out_of_fold": "recordings, each predicted out of fold",
}


def model_name(name: str) -> str:
    """A model's name as people write it."""
    return MODEL_NAMES.get(name, name.replace("_", " "))


def put_into_words(comparison: Json) -> Json:
    """The verdict on a comparison.

    Returns:
        `leader` (a model or None), `shown` (whether it is shown to be better than every other), `headline`
        (one short sentence) and `text` (what it rests on).
    """
    ranking: list[str] = comparison["ranking"]
    if not ranking:
        remedies = "; ".join(entry["text"] for entry in comparison["missing"])
        return {
            "leader": None,
            "shown": False,
            "headline": "Nothing is trained yet.",
            "text": f"{remedies}." if remedies else "",
        }
    leader, figure = ranking[0], comparison["ranked_by"]
    rivals = [d for d in comparison["differences"] if d["model"] == leader and d["figure"] == figure]
    learned = _entry(comparison["against_majority"], leader, figure)
    shown = all(d["verdict"] == "better" for d in rivals) and learned["verdict"] == "better"
    texts = [_leader_text(comparison, leader, figure), *_rival_texts(rivals)]
    told = comparison["learned"][leader]
    if told["shown"]:
        texts.append(told["text"])
    if not any(entry["shown"] for entry in comparison["learned"].values()):
        texts.insert(0, _nothing_text(leader, learned))
    return {
        "leader": leader,
        "shown": shown,
        "headline": _headline(comparison, leader, rivals, learned),
        "text": " ".join(texts),
    }


def interval_text(entry: Json, *, difference: bool = False) -> str:
    """The interval of a figure as text: "0.71 to 0.79"; empty where none is claimed."""
    if entry["low"] is None:
        return ""
    low, high = (signed(b) if difference else f"{b:.3f}" for b in (entry["low"], entry["high"]))
    return f"{low} to {high}"


def listed(names: Sequence[str]) -> str:
    """Names as a sentence has them: "a, b and c"."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def signed(value: float) -> str:
    """A difference with its sign, a true minus."""
    return f"{value:+.3f}".replace("-", "−")


def _entry(differences: list[Json], model: str, figure: str) -> Json:
    return next(d for d in differences if d["model"] == model and d["figure"] == figure)


def _headline(comparison: Json, leader: str, rivals: list[Json], learned: Json) -> str:
    name = model_name(leader)
    if learned["verdict"] != "better":
        baseline = BASELINE_WORDS[learned["than"]]
        if any(entry["verdict"] == "better" for entry in comparison["against_majority"]):
            return (
                f"The {name} scores highest, but its {FIGURE_NAMES[learned['figure']]} is not shown to be"
                f" above that of {baseline}."
            )
        return "Nothing learned can be shown."
    if not rivals:
        return f"The {name} has learned something; there is no other model to compare it with."
    if all(d["verdict"] == "better" for d in rivals):
        return f"The {name} leads, and the lead is shown."
    if rivals[0]["verdict"] != "better":
        return (
            f"The {name} scores highest, but its lead over the {model_name(rivals[0]['than'])} is not shown."
        )
    return f"The {name} leads; not every rival is shown to be worse."


def _nothing_text(leader: str, learned: Json) -> str:
    return (
        f"No model is shown to be better than {BASELINE_WORDS[learned['than']]}; the {model_name(leader)}"
        " scores highest."
    )


def _leader_text(comparison: Json, leader: str, figure: str) -> str:
    entry = comparison["models"][leader][figure]
    interval = interval_text(entry)
    within = (
        f" ({100 * comparison['confidence']:.0f}\N{NO-BREAK SPACE}% interval {interval})"
        if interval
        else " (no interval claimed)"
    )
    majority = f"; the {model_name(comparison['baseline'])} has {entry['majority']:.3f}"
    other = next(name for name in comparison["compared"] if name != figure)
    value = comparison["models"][leader][other]["value"]
    where = SPLIT_WORDS.get(comparison["split"], comparison["split"])
    return (
        f"Its {FIGURE_NAMES[figure]} is {entry['value']:.3f}{within}{majority}. Its {FIGURE_NAMES[other]} is"
        f" {value:.3f}. Measured on {comparison['recordings']} {where}, from {comparison['groups']}"
        " groups."
    )


def _rival_texts(rivals: list[Json]) -> list[str]:
    texts = []
    for entry in rivals:
        interval = interval_text(entry, difference=True)
        bounds = f" (interval of the difference {interval})" if interval else " (no interval claimed)"
        outcome = {"better": "shown to be better", "worse": "shown to be worse"}.get(
            entry["verdict"], "no difference shown"
        )
        texts.append(
            f"Against the {model_name(entry['than'])}: {signed(entry['value'])}"
            f" {FIGURE_NAMES[entry['figure']]}{bounds}, {outcome}."
        )
    return texts
