"""What masks are good for in the note analyzer: trained and judged with them, and with padding heard.

    AURICLE_PHILHARMONIA=/folder python benchmarks/masks.py

The baseline of `kedro run --env=philharmonia_ablation --pipelines=ablation`, whose batches are of notes of
about one length, and its variant with every note padded to the length of a crop in training. Each as it is,
and with every convolution and all that is pooled hearing the padding too, as in a network without masks: the
same notes, seeds and figures. No parameter offers that, since a note would then be answered by what it is
batched with.
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
from waveform_augmentation import interval

ENV, CORPUS = "philharmonia_ablation", "notes"
PADDED = "padded to a crop, in random order"  # a variant of conf/base


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = copy_of_project(Path(folder, "project"), source=False)
        bootstrap_project(project)
        told = []
        for hearing, masks in (("masks", nullcontext()), ("padding heard", padding_heard())):
            with masks:
                catalog = ablated(project)
            told.append(catalog.load(f"{CORPUS}.ablation_predictions").assign(hearing=hearing))
            # Trainings are kept by their parameters, which are the same for both.
            shutil.rmtree(catalog.load(f"{CORPUS}.ablation_directory"))
        judged_by = [catalog.load(name) for name in (f"{CORPUS}.manifest", f"params:{CORPUS}.evaluation")]
        for batches, table in pd.concat(told).groupby("variant"):
            arms = table.drop(columns="variant").rename(columns={"hearing": "variant"})
            report(str(batches), judge_ablation(arms, *judged_by, LabelParams()))


@contextmanager
def padding_heard() -> Iterator[None]:
    """Analyzers that are not told where a note ends."""
    masked = NoteAnalyzer.maps_of

    def maps_of(model: NoteAnalyzer, values: torch.Tensor, lengths: torch.Tensor | None, least: int) -> Maps:
        return masked(model, values, None, least)

    with patch.object(NoteAnalyzer, "maps_of", maps_of):
        yield


def ablated(project: Path) -> Any:
    """The catalog after the baseline was trained with each seed, by length and padded to a crop."""
    with KedroSession.create(project, env=ENV) as session:
        others = session.load_context().params[CORPUS]["ablation"].variants
    asked = {CORPUS: {"ablation": {"variants": dict.fromkeys(others.keys() - {PADDED})}}}
    with KedroSession.create(project, env=ENV, runtime_params=asked) as session:
        catalog = session.load_context().catalog
        session.run(pipeline_names=["ablation"])
        return catalog


def report(batches: str, judged: Json) -> None:
    """A line for each way, and their differences."""
    print(f"{batches}: {judged['recordings']} notes of {judged['groups']} groups, {judged['seeds']} seeds")
    for entry in judged["experiments"]:
        figures = ", ".join(f"{name} {interval(told)}" for name, told in entry["figures"].items())
        print(f"  {entry['name']}: {figures}")
    for told in judged["differences"]:
        less = f"{told['model']} less {told['than']}"
        print(f"  {less}, {told['figure']}: {interval(told)}: {told['verdict']}")


if __name__ == "__main__":
    main()
