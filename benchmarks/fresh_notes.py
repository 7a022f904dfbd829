"""How good are the models of the demo notes on notes that had no say in anything?

    models=train_rf,train_note_analyzer,train_note_analyzer_small
    kedro run --pipelines=$models --params=studies=[notes]
    python benchmarks/fresh_notes.py

The test notes of the demo corpus were looked at when its defaults were chosen, so figures on them may
flatter. This renders the corpus once more with another seed, all of its players new, and lets the trained
models judge it through `auricle.load`. Intervals and differences from the first model resample players;
guessing beside.
"""

import argparse
import tempfile
from pathlib import Path

import pandas as pd
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

import auricle
from auricle.audio.synthesis.render import render_demo
from auricle.corpora.labels import LabelParams
from auricle.evaluation.ablation import judge_ablation
from auricle.evaluation.params import EvaluateParams
from note_parts import print_each
from project_copy import REPOSITORY

STUDY = "notes"
MODELS = ("random_forest", "note_analyzer_small", "note_analyzer")


def main() -> None:
    arguments = parse_arguments()
    bootstrap_project(REPOSITORY)
    with KedroSession.create(REPOSITORY) as session:
        catalog = session.load_context().catalog
        demo = catalog.load(f"params:{STUDY}.demo").root
        learned = catalog.load(f"{STUDY}.manifest")
        evaluation = catalog.load(f"params:{STUDY}.evaluation")
    if arguments.seed == demo.seed:
        raise SystemExit(f"--seed {demo.seed} is that of the corpus the models have learned: choose another.")
    changes = {"seed": arguments.seed, "notes_per_instrument": arguments.notes, "broken_files": False}
    with tempfile.TemporaryDirectory() as folder:
        render_demo(Path(folder), demo.model_copy(update=changes))
        notes = pd.read_csv(Path(folder, "metadata.csv"))
        files = [Path(folder, name) for name in notes["file_name"]]
        told = pd.concat([judged(model, files, notes) for model in arguments.models])
    fresh = notes.rename(columns={"file_name": "recording_id", "player": "group"})
    fresh = fresh.assign(split="test", status="ok", labels=[[label] for label in notes["label"]])
    # How common a label is, which guessing goes by, is told by what was learned from.
    manifest = pd.concat([learned[learned["split"] == "train"], fresh], ignore_index=True)
    report(told, manifest, evaluation)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=21)
    parser.add_argument("--notes", type=int, default=100, help="of each instrument")
    parser.add_argument("--models", nargs="+", default=MODELS, help="the first is what others differ from")
    return parser.parse_args()


def judged(model: str, files: list[Path], notes: pd.DataFrame) -> pd.DataFrame:
    """What a trained model says of the files, as an ablation keeps it."""
    said = auricle.load(f"{STUDY}.{model}", run_root=REPOSITORY / "data").predict(
        files, instrument=list(notes["instrument"])
    )
    keys = {"variant": model, "seed": 0, "recording_id": notes["file_name"], "split": "test"}
    return pd.DataFrame([prediction.probabilities for prediction in said]).assign(**keys)


def report(told: pd.DataFrame, manifest: pd.DataFrame, params: EvaluateParams) -> None:
    """A line for each model."""
    judgement = judge_ablation(told, manifest, params, LabelParams())
    print(
        f"{judgement['recordings']} notes of {judgement['groups']} players, {len(judgement['labels'])} labels"
    )
    for figure in ("macro_f1", "accuracy"):
        print(f"{figure}: guessing has {judgement['baseline'][figure]:.3f}")
        print_each(judgement, figure)


if __name__ == "__main__":
    main()
