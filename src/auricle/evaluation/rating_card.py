"""The model card of a rater: what it is for, how far it is off, and what it must not be trusted with."""

from typing import Any

from auricle.evaluation.card import data_facts, provenance_facts
from auricle.evaluation.rating_figures import ERRORS, MODEL
from auricle.evaluation.rating_words import FIGURES, NAMES, in_words
from auricle.evaluation.report import remarks

Json = dict[str, Any]
TITLE = "Encoder and classifier that rate waveforms"


def rating_card(
    config: Json,
    training: Json,
    metrics: Json,
    data_report: Json,
    source: Json,
    *,
    name: str,
    data_digest: str | None = None,
) -> str:
    """The README.md of a rater's bundle: front matter as the Hugging Face Hub reads it, then text.

    Args:
        config: `config.json` of the bundle.
        training: `training.json` of the bundle.
        metrics: What `evaluate_rater` returned for the bundle.
        data_report: What `describe_corpus` returned for its corpus as it is now.
        source: Where the recordings come from, see `render_report`.
        name: Study and model, such as "ratings.rater".
        data_digest: Of the corpus as it is now; where the bundle was trained on another, what only
            `data_report` knows of the corpus is left out.
    """
    parts = [
        f"# {name}: {TITLE}",
        "Says how much one listener would like a recording, from 0 (terrible) to 1 (five stars). Trained by"
        " Auricle on that listener's ratings.",
        *(f"> {remark}" for remark in remarks(source, data_report)),
        "## How it is made",
        f"* Encoder: `{config['encoder_class']}`\n* Classifier: `{config['classifier_class']}`\n"
        f"* Loss: {config['rating_loss']}\n* Windows of {_seconds(config):g} s; the rating is their mean",
        "## Figures",
        f"{metrics['verdict']['text']}{_intervals(metrics)}",
        figures_table(metrics),
        in_words(metrics),
        "## Data",
        data_facts(training, data_report, source, data_digest),
        "## Limits",
        "\n".join(f"* {limit}" for limit in _limits(config, metrics, data_report)),
        "## Provenance",
        provenance_facts(training),
    ]
    return f"---\n{_front_matter(name, metrics, source)}\n---\n\n" + "\n\n".join(parts) + "\n"


def figures_table(metrics: Json) -> str:
    """Markdown: a row for each figure, a column for the model and for each that it is judged beside."""
    judged = metrics["figures"]
    rows = [
        f"| figure | {' | '.join(NAMES[name] for name in judged)} |",
        f"|---|{'---:|' * len(judged)}",
    ]
    for key, called in FIGURES.items():
        better = " (lower is better)" if key in ERRORS else ""
        cells = []
        for name in judged:
            value, interval = judged[name][key]["value"], judged[name][key]["interval"]
            told = "n/a" if value is None else f"{value:.3f}"
            shown = "" if interval is None or name != MODEL else " ({:.3f} to {:.3f})".format(*interval)
            cells.append(f"{told}{shown}")
        rows.append(f"| {called}{better} | {' | '.join(cells)} |")
    return "\n".join(rows)


def _intervals(metrics: Json) -> str:
    if metrics["figures"][MODEL]["mae"]["interval"] is None:
        return ""
    return (
        f" Intervals cover {metrics['confidence']:.0%}, by {metrics['bootstrap_samples']} resamples of whole"
        " artists."
    )


def _seconds(config: Json) -> float:
    return float(config["window_frames"]) / float(config["sample_rate"])


def _limits(config: Json, metrics: Json, data_report: Json) -> list[str]:
    known = [
        "It knows one listener's taste, as it was when the ratings were given, and what can be heard: no"
        " words, no names, no memories.",
        "Figures hold for recordings like those of its corpus, by artists whom it has not heard.",
        f"Its rating is off by {metrics['figures'][MODEL]['calibration_error']['value']:.3f} on average over"
        f" {len(metrics['calibration'])} ranges of what it says (calibration error).",
    ]
    if config.get("sources"):
        known.append(
            "Classes of its owner's own are part of it: it can be loaded only where their files are, and"
            " `plugins.allowed` lists them."
        )
    if not metrics["verdict"]["of_use"]:
        known.append(metrics["verdict"]["headline"])
    return [*known, *metrics["warnings"], *data_report.get("public_warnings", [])]


def _front_matter(name: str, metrics: Json, source: Json) -> str:
    from huggingface_hub import EvalResult, ModelCardData

    kinds = {"mae": "mae", "rmse": "rmse", "spearman": "spearmanr"}
    figures = metrics["figures"][MODEL]
    title = f"{name}: {TITLE}"
    data = ModelCardData(
        library_name="auricle",
        tags=["audio-regression", "auricle", "auricle_rater"],
        metrics=list(kinds.values()),
        model_name=title,
        eval_results=[
            EvalResult(
                task_type="audio-classification",
                dataset_type="audiofolder",
                dataset_name=str(source.get("folder") or "corpus"),
                dataset_split=metrics["split"],
                metric_type=kind,
                metric_name=FIGURES[key],
                metric_value=round(figures[key]["value"], 4),
            )
            for key, kind in kinds.items()
            if figures[key]["value"] is not None
        ],
    )
    return str(data.to_yaml()).strip()
