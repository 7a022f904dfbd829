"""What masks are good for in the note analyzer: trained and judged with them, and with padding heard.

    AURICLE_PHILHARMONIA=/folder python benchmarks/masks.py

The baseline of `kedro run --env=philharmonia_ablation --pipelines=ablation`, as it is, and with every
convolution and all that is pooled hearing the padding of a batch too, as in a network without masks: the
same notes, seeds and figures. No parameter offers that, since a note would then be answered by what it is
batched with. Batches are by length, so that little is padding: to random batches masks are worth more.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pandas as pd
import torch
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from auricle.corpora.labels import LabelParams
from auricle.evaluation.ablation import judge_ablation
from auricle.evaluation.kinds import Json
from auricle.models.note_analyzer import NoteAnalyzer
from auricle.models.spectrogram_model import Maps
from project_copy import copy_of_project

ENV, CORPUS = "philharmonia_ablation", "notes"


@contextmanager
def padding_heard() -> Iterator[None]:
    """Analyzers that are not told where a note ends."""
    masked = NoteAnalyzer.maps_of

    def maps_of(model: NoteAnalyzer, values: torch.Tensor, lengths: torch.Tensor | None, least: int) -> Maps:
        return masked(model, values, None, least)

    with patch.object(NoteAnalyzer, "maps_of", maps_of):
        yield


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = copy_of_project(Path(folder, "project"), source=False)
        bootstrap_project(project)
        told = []
        for variant, hearing in (("masks", nullcontext()), ("padding heard", padding_heard())):
            with hearing:
                catalog = trained(project)
            told.append(catalog.load(f"{CORPUS}.ablation_predictions").assign(variant=variant))
            # Trainings are kept by their parameters, which are the same for both.
            shutil.rmtree(catalog.load(f"{CORPUS}.ablation_directory"))
        given = (catalog.load(name) for name in (f"{CORPUS}.manifest", f"params:{CORPUS}.evaluation"))
        report(judge_ablation(pd.concat(told), *given, LabelParams()))


def trained(project: Path) -> Any:
    """The catalog after the baseline was trained with each seed."""
    asked: dict[str, Any] = {}
    while True:
        with KedroSession.create(project, env=ENV, runtime_params=asked) as session:
            context = session.load_context()
            variants = context.params[CORPUS]["ablation"]["variants"]
            if not any(variants.values()):
                session.run(pipeline_names=["ablation"])
                return context.catalog
        asked = {CORPUS: {"ablation": {"variants": dict.fromkeys(variants)}}}


def report(judged: Json) -> None:
    """A row for each way, and their differences."""
    print(f"{judged['recordings']} notes of {judged['groups']} groups, {judged['seeds']} seeds")
    for entry in judged["experiments"]:
        figures = ", ".join(f"{name} {interval(told)}" for name, told in entry["figures"].items())
        print(f"{entry['name']}: {figures}")
    for told in judged["differences"]:
        less = f"{told['model']} less {told['than']}"
        print(f"{less}, {told['figure']}: {interval(told)}: {told['verdict']}")


def interval(told: Json) -> str:
    return f"{told['value']:.3f} ({told['low']:.3f} to {told['high']:.3f})"


if __name__ == "__main__":
    main()
