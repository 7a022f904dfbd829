"""The model card: what a model is for, what it was measured on, and what it must not be trusted with."""

import math
from typing import Any

from auricle.corpora.labels import MULTI, SINGLE
from auricle.evaluation.card_parts import domain_text, occasional_parts
from auricle.evaluation.learned import nothing_learned
from auricle.evaluation.origin import base_model, origin
from auricle.evaluation.report import remarks
from auricle.evaluation.several_labels import SeveralLabels
from auricle.evaluation.verdict import FIGURE_NAMES, SPLIT_WORDS, interval_text

Json = dict[str, Any]

ARCHITECTURES = {
    "auricle_random_forest": "Random Forest on hand-crafted features",
    "auricle_spectrogram_cnn": "Convolutional network on spectrograms",
    "auricle_hybrid_cnn_rnn": "Convolutional and recurrent network on spectrograms",
    "auricle_multi_label_audio_cnn": "Residual network on spectrograms",
    "auricle_audio_cnn_lstm": "Residual and recurrent network on spectrograms",
    "auricle_note_analyzer": "Convolutional network on spectrograms of single notes",
    "auricle_transfer": "Pretrained encoder on spectrograms",
    "auricle_wav2vec2": "Speech encoder on waveforms",
    "auricle_rater": "Encoder and classifier that rate waveforms",
    "auricle_ensemble": "Ensemble of other models",
}
CARD_FIGURES = {
    SINGLE: (
        "accuracy",
        "balanced_accuracy",
        "macro_f1",
        "mcc",
        "top_k_accuracy",
        "roc_auc",
        "log_loss",
        "ece",
        "ece_calibrated",
    ),
    MULTI: tuple(SeveralLabels.figures),
}
SPLIT_ORDER = ("train", "validation", "test")
METRIC_TYPES = {
    SINGLE: {"accuracy": "accuracy", "macro_f1": "f1", "roc_auc": "roc_auc"},
    MULTI: {"mean_average_precision": "average_precision", "macro_f1": "f1", "roc_auc": "roc_auc"},
}


def model_card(
    config: Json,
    training: Json,
    metrics: Json,
    data_report: Json,
    source: Json,
    *,
    name: str | None = None,
    data_digest: str | None = None,
) -> str:
    """The README.md of a bundle: front matter as the Hugging Face Hub reads it, then text.

    No licence of its own is stated: that of the weights follows from the recordings, which Auricle does not
    know. That of a pretrained encoder is, where the parameters name it.

    Args:
        config: `config.json` of the bundle.
        training: `training.json` of the bundle.
        metrics: What `evaluate_model` returned for the bundle.
        data_report: What `describe_corpus` returned for its corpus as it is now.
        source: Where the recordings come from, see `render_report`.
        name: Study and model as `auricle.load` takes them, such as "genre.cnn".
        data_digest: Of the corpus as it is now; where the bundle was trained on another, what only
            `data_report` knows of the corpus is left out.
    """
    architecture = ARCHITECTURES.get(config.get("model_type", ""), str(config.get("model_type")))
    title = f"{name}: {architecture}" if name else architecture
    parts = [
        f"# {title}",
        _purpose(metrics),
        *(f"> **{text}**" for text in nothing_learned(metrics.get("learned"))),
        *(f"> {remark}" for remark in remarks(source, data_report)),
        "## How to use it",
        _usage(name, metrics, config),
        "## Figures",
        _measured_on(metrics, data_report),
        _figures_table(metrics),
        _learned(metrics),
        "### Classes",
        _classes_table(metrics),
        *occasional_parts(metrics),
        "## Data",
        data_facts(training, data_report, source, data_digest),
        "## Limits",
        "\n".join(f"* {limit}" for limit in _limits(config, training, metrics, data_report)),
        "## Provenance",
        provenance_facts(training),
    ]
    body = "\n\n".join(part for part in parts if part)
    return f"---\n{_front_matter(title, config, metrics, source)}\n---\n\n{body}\n"


def _front_matter(title: str, config: Json, metrics: Json, source: Json) -> str:
    from huggingface_hub import EvalResult, ModelCardData

    dataset = str(source.get("folder") or "corpus")
    kinds = METRIC_TYPES[metrics["problem_type"]]
    results = [
        EvalResult(
            task_type="audio-classification",
            dataset_type="audiofolder",
            dataset_name=dataset,
            dataset_split=metrics["split"],
            metric_type=kind,
            metric_name=FIGURE_NAMES[name],
            metric_value=round(metrics["figures"][name]["value"], 4),
        )
        for name, kind in kinds.items()
        if metrics["figures"][name]["value"] is not None
    ]
    data = ModelCardData(
        library_name="auricle",
        tags=["audio-classification", "auricle", str(config.get("model_type", "audio"))],
        metrics=list(kinds.values()),
        model_name=title,
        base_model=base_model(config),
        eval_results=results,
        pipeline_tag="audio-classification",
    )
    return str(data.to_yaml()).strip()


def _purpose(metrics: Json) -> str:
    labels = _listed(metrics["vocabulary"])
    if metrics["problem_type"] == MULTI:
        return f"Hears which of {labels} an audio recording is, any number of them. Trained by Auricle."
    return f"Tells {labels} apart in audio recordings. Trained by Auricle."


def _usage(name: str | None, metrics: Json, config: Json) -> str:
    loading = f'model = auricle.load("{name}")' if name else 'model = auricle.load("path/of/this/folder")'
    several = metrics["problem_type"] == MULTI
    asked = "prediction.predicted_genres" if several else "prediction.label, prediction.confidence"
    known = config.get("instruments")
    playing = f', instrument="{known[0]}"' if known else ""
    remark = "  # in its project; elsewhere the path of this folder" if name else ""
    return (
        f"```python\nimport auricle\n\n{loading}{remark}\n"
        f'prediction = model.predict("song.mp3"{playing})\n'
        f"print({asked})\n```"
    )


def _measured_on(metrics: Json, data_report: Json) -> str:
    where = SPLIT_WORDS.get(metrics["split"], metrics["split"])
    grouping = ", ".join(data_report.get("group_by") or ["group"])
    return (
        f"On {metrics['recordings']} {where}, from {metrics['groups']} groups (grouped by {grouping})."
        f" Intervals cover {metrics['confidence']:.0%}, by {metrics['bootstrap_samples']} resamples of whole"
        f" groups. {_baseline(metrics)}"
    )


def _baseline(metrics: Json) -> str:
    if metrics["problem_type"] == MULTI:
        how = "on the other folds" if metrics["split"] == "out_of_fold" else "on validation"
        return (
            "The prevalence baseline takes each label for as probable as it is common in training, and ranks"
            f" at random; labels are said from thresholds chosen {how}, and where it says so from 0.5."
        )
    return (
        f"The majority baseline always says {metrics['majority_label']}, with the training shares of the"
        " classes as probabilities."
    )


def _figures_table(metrics: Json) -> str:
    baseline = "prevalence" if metrics["problem_type"] == MULTI else "majority"
    tested = any("p_value" in entry for entry in metrics["figures"].values())
    rows = [
        f"| figure | value | interval | {baseline} baseline |{' p-value |' if tested else ''}",
        f"|---|---:|---:|---:|{'---:|' if tested else ''}",
    ]
    for key in CARD_FIGURES[metrics["problem_type"]]:
        entry = metrics["figures"][key]
        if entry["value"] is None:
            continue
        name = FIGURE_NAMES[key].replace("top-k", f"top-{metrics['top_k']}")
        better = "" if entry["higher_is_better"] else " (lower is better)"
        interval = interval_text(entry) or "none claimed"
        p_value = f"{entry['p_value']:.3f}" if "p_value" in entry else ""
        rows.append(
            f"| {name}{better} | {entry['value']:.3f} | {interval} | {entry['majority']:.3f} |"
            f"{f' {p_value} |' if tested else ''}"
        )
    return "\n".join(rows)


def _learned(metrics: Json) -> str:
    """What the figures show beside the baseline's, where that was asked."""
    told = metrics.get("learned")
    if told is None:
        return ""
    return (
        f"{told['text']} The p-value of a figure is how often labels permuted between groups give one as"
        " good; that of the sentence before is of all of them together."
    )


def _classes_table(metrics: Json) -> str:
    shown_of = {"precision": "precision", "recall": "recall", "f1": "F1"}
    if metrics["problem_type"] == MULTI:
        shown_of = {"precision": "precision", "recall": "recall", "f1": "F1", "average_precision": "AP"}
    last = list(shown_of)[-1]
    header = [*shown_of.values(), f"{shown_of[last]} interval"]
    rows = [
        f"| class | recordings | groups | {' | '.join(header)} |",
        f"|---|---:|---:|{'---:|' * len(header)}",
    ]
    for row in metrics["per_class"]:
        values = [row[key]["value"] for key in shown_of]
        shown = " | ".join("n/a" if value is None else f"{value:.3f}" for value in values)
        interval = interval_text(row[last]) or "no claim"
        label = str(row["label"]).replace("|", "\\|")
        rows.append(f"| {label} | {row['support']} | {row['groups']} | {shown} | {interval} |")
    return "\n".join(rows)


def data_facts(training: Json, data_report: Json, source: Json, digest: str | None) -> str:
    """What a model was trained on; ``digest`` is that of the corpus as it is now."""
    data = training.get("data", {})
    now = data_report if digest is None or digest == data.get("digest") else {}
    facts = {
        "Folder": source.get("folder"),
        "Layout": source.get("layout"),
        "Recordings": data.get("recordings") or now.get("recordings"),
        "Groups": now.get("groups"),
        "Hours": now.get("hours"),
        "Protocol": training.get("protocol") or data_report.get("protocol"),
        "Recordings per split": _splits(data.get("per_split"), now),
        "Digest of the data (SHA-256)": f"`{data['digest']}`" if data.get("digest") else None,
    }
    return "\n".join(f"* {key}: {value}" for key, value in facts.items() if value not in (None, ""))


def _splits(trained_on: Json | None, now: Json) -> str:
    counts = trained_on or {entry["split"]: entry["recordings"] for entry in now.get("splits", [])}
    order = sorted(counts, key=lambda split: (SPLIT_ORDER.index(split) if split in SPLIT_ORDER else 9, split))
    return ", ".join(f"{split} {counts[split]}" for split in order)


def _limits(config: Json, training: Json, metrics: Json, data_report: Json) -> list[str]:
    several = metrics["problem_type"] == MULTI
    known = [
        f"It knows {len(metrics['vocabulary'])} classes and nothing else: whatever it hears, it names"
        f" {'some or none' if several else 'one'} of them.",
        "Figures hold for recordings like those of its corpus; other microphones, genres or formats may"
        " differ.",
    ]
    known += origin(config)
    if domain := training.get("out_of_domain"):
        known.append(domain_text(domain))
    figure = metrics["figures"]["ece"]["value"]
    if figure is not None and math.isfinite(figure):
        known.append(
            f"Its {'probabilities are' if several else 'confidence is'} off by {figure:.3f} on average over"
            f" the {'labels' if several else 'judged recordings'} (calibration error)."
        )
    said = nothing_learned(metrics.get("learned"))
    warnings = [warning for warning in metrics["warnings"] if warning not in said]
    # A card goes wherever the model goes: it names neither groups, who may be people, nor files.
    return [*known, *warnings, *data_report.get("public_warnings", [])]


def provenance_facts(training: Json) -> str:
    """What it takes to train the same again."""
    facts = {
        "Trained": training.get("trained_at"),
        "Seed": training.get("seed"),
        "Git revision": training.get("git_revision"),
        "Device": training.get("device"),
        "Precision": training.get("precision"),
        "Front end digest": training.get("front_end_digest"),
        "Python": training.get("python"),
        "Versions": ", ".join(
            f"{package} {number}" for package, number in training.get("versions", {}).items()
        ),
    }
    return "\n".join(f"* {key}: {value}" for key, value in facts.items() if value not in (None, ""))


def _listed(labels: list[str]) -> str:
    shown = labels if len(labels) <= 20 else [*labels[:20], f"{len(labels) - 20} more"]
    return f"{', '.join(shown[:-1])} and {shown[-1]}"
