"""What the parts of the note analyzer are good for in particular: by aspect of a fault, and in short notes.

    kedro run --env=notes_ablation --pipelines=ablation
    python benchmarks/note_parts.py                      # reads what that run has predicted

Of each variant the mean average precision of telling faults of one aspect (attack, dynamics) from all other
notes (the mean of both sides), and of all labels, on all judged notes and on those under half a second; with
differences from the baseline, and guessing beside. Intervals resample players and seeds, as the page of the
ablation does.
"""

import argparse
from typing import Any

import pandas as pd
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from auricle.corpora.labels import LabelParams, lineage
from auricle.evaluation.ablation import RUN, judge_ablation
from auricle.evaluation.rows import KEY_COLUMNS
from project_copy import REPOSITORY
from waveform_augmentation import interval

CORPUS = "notes"
ASPECTS = ("bad-attack", "bad-dynamics-stability")
FIGURE, SHORT_S = "mean_average_precision", 0.5
OTHER = "any other"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--env", default="notes_ablation")
    bootstrap_project(REPOSITORY)
    with KedroSession.create(REPOSITORY, env=parser.parse_args().env) as session:
        catalog = session.load_context().catalog
        predictions, manifest, labels, params = (
            catalog.load(f"{CORPUS}.ablation_predictions"),
            catalog.load(f"{CORPUS}.manifest"),
            catalog.load(f"params:{CORPUS}.labels"),
            catalog.load(f"params:{CORPUS}.evaluation"),
        )
    short = set(manifest.loc[manifest["duration_s"] < SHORT_S, "recording_id"])
    for span, chosen in (
        ("all notes", predictions),
        (f"under {SHORT_S} s", predictions[predictions["recording_id"].isin(short)]),
    ):
        for aspect in ASPECTS:
            told = by_aspect(chosen, aspect, labels)
            names = {name: aspect_of(name, aspect, labels) for name in manifest["label"].dropna()}
            true = manifest.assign(label=manifest["label"].map(names))
            report(f"{aspect}, {span}", judge_ablation(told, true, params, LabelParams()))
        report(f"all labels, {span}", judge_ablation(chosen, manifest, params, labels))


def aspect_of(label: str, aspect: str, labels: LabelParams) -> str:
    """The aspect, where the label is of it."""
    return aspect if aspect in lineage(label, labels.parents) else OTHER


def by_aspect(predictions: pd.DataFrame, aspect: str, labels: LabelParams) -> pd.DataFrame:
    """Predictions of the aspect, as probable as its labels together, and of all else."""
    keys = [*RUN, *KEY_COLUMNS]
    of_labels = predictions.drop(columns=keys)
    told = of_labels.T.groupby(lambda name: aspect_of(name, aspect, labels)).sum().T.clip(upper=1)
    return pd.concat([predictions[keys], told], axis=1)


def report(what: str, judged: dict[str, Any]) -> None:
    """A line for each variant."""
    size = f"{judged['recordings']} notes of {judged['groups']} groups, {judged['seeds']} seeds"
    print(f"{what}: {size}; guessing has {judged['baseline'][FIGURE]:.3f}")
    print_each(judged, FIGURE)


def print_each(judged: dict[str, Any], figure: str) -> None:
    """A figure of every variant, and how it differs from the first one's."""
    apart = {told["model"]: told for told in judged["differences"] if told["figure"] == figure}
    for entry in judged["experiments"]:
        line = f"  {entry['name']:<32}{interval(entry['figures'][figure])}"
        told = apart.get(entry["name"])
        print(line if told is None else f"{line}  {interval(told)}  {told['verdict']}")


if __name__ == "__main__":
    main()
