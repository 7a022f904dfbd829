"""Trains the variants of an ablation with several seeds, and predicts the recordings that judge them."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from auricle.audio.frontend import FrontEnd
from auricle.audio.store import SpectrogramStore
from auricle.corpora.selection import having
from auricle.errors import ConfigurationError, CorpusError
from auricle.models.provenance import manifest_digest
from auricle.training.ablation_params import AblationParams
from auricle.training.checks import check_front_end
from auricle.training.deep import DeepTraining
from auricle.training.deep_params import DeepParams
from auricle.training.folds import FINAL, Partition, partitions
from auricle.training.staging import FoldReport
from auricle.training.variants import Variants
from auricle.training.vocabulary import Examples, read_examples
from auricle.training.workdir import open_workdir, training_digest

logger = logging.getLogger(__name__)


def train_ablation(  # noqa: PLR0917  (the order of the catalog entries of its node)
    manifest: pd.DataFrame,
    store: SpectrogramStore,
    front_end: FrontEnd,
    base: DeepParams,
    params: AblationParams,
    workdir: Path,
    copies: Variants | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Train every variant with every seed; killed at any time, the same call goes on where it stopped.

    A variant or a seed more costs no more than itself: what was trained before is kept in ``workdir``.

    Args:
        manifest: one row per file of the corpus.
        store: spectrograms of ``front_end``.
        front_end: that all variants hear through.
        base: the parameters of the model.
        params: the variants.
        workdir: keeps the finished trainings, and checkpoints of the one under way.
        copies: altered copies of the training recordings; none by default.

    Returns:
        Predictions of the recordings that judge (the test split, or all of them out of fold): `variant`,
        `seed`, `recording_id`, `split` and a column per label, empty where a variant does not know it. And
        one row per training: `variant`, `seed`, `epochs`, `seconds`, `parameters`, `problem_type`.

    Raises:
        ConfigurationError: a device or a store that cannot be used, or variants that cannot be.
        CorpusError: no test split, or too few labels.
    """
    check_front_end(store, front_end)
    manifest = having(manifest, store, what="spectrogram", pipeline="cache_spectrograms")
    # All of them first: what is wrong with one is known before another was trained for hours.
    trainings = {
        variant: _prepared(variant, chosen, manifest, store, front_end, copies)
        for variant, chosen in params.chosen(base).items()
    }
    data = training_digest(data=manifest_digest(manifest), front_end=front_end.digest)
    tables, runs = [], []
    with open_workdir(workdir, data) as folder:
        # Seeds outside: what a stopped run has is then as much of each variant.
        for seed in range(params.seeds):
            for variant, training in trainings.items():
                logger.info("%s, seed %d of %d.", variant, seed + 1, params.seeds)
                table, report = _run(training, seed, folder)
                tables.append(table.assign(variant=variant, seed=seed))
                runs.append({"variant": variant, "seed": seed} | report)
    predictions = pd.concat(tables, ignore_index=True)
    keys = ["variant", "seed", "recording_id", "split"]
    return predictions[[*keys, *predictions.columns.difference(keys)]], pd.DataFrame(runs)


def _prepared(  # noqa: PLR0917  (the order of train_ablation)
    variant: str,
    chosen: DeepParams,
    manifest: pd.DataFrame,
    store: SpectrogramStore,
    front_end: FrontEnd,
    copies: Variants | None,
) -> DeepTraining:
    """The trainings of a variant, which can be done."""
    examples = read_examples(manifest, chosen.labels)
    try:
        training = DeepTraining.of(
            examples, store, front_end, chosen.model.root, chosen.train, chosen.windows, copies
        )
        training.check_model(_judging(examples)[0])
    except ConfigurationError as error:
        raise ConfigurationError(f"The variant {variant!r} of the ablation: {error}") from error
    return training


def _run(prepared: DeepTraining, seed: int, folder: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Predictions of a variant with one seed, and what its training cost."""
    training = replace(prepared, params=prepared.params.model_copy(update={"seed": seed}))
    examples = training.examples
    parts = _judging(examples)
    model = training.check_model(parts[0])
    # In a folder of its own parameters: another variant, or another name for this one, moves nothing.
    here = folder / training_digest(device=training.device.type, **training.deciding_params())
    here.mkdir(exist_ok=True)
    done = [training.fold(part, here) for part in parts]
    table = pd.concat([table for table, _ in done], ignore_index=True)
    if not examples.is_k_fold:
        table["split"] = "test"
    return table, {
        "epochs": sum(len(report["history"]) for _, report in done),
        "seconds": sum(_seconds(report) for _, report in done),
        "parameters": model.num_parameters(),
        "problem_type": examples.problem_type,
    }


def _judging(examples: Examples) -> list[Partition]:
    """Trainings that predict recordings they have not heard: of each fold, or of the test split."""
    parts = partitions(examples)
    if examples.is_k_fold:
        return [part for part in parts if part.name != FINAL]
    test = np.flatnonzero(examples.splits == "test")
    if not len(test):
        raise CorpusError(
            "The corpus has no labelled test recordings, so that no variant can be judged. Raise test_share,"
            " or choose protocol: grouped_k_fold."
        )
    return [replace(parts[-1], name="test", test=test)]


def _seconds(report: FoldReport) -> float:
    return float(sum(entry["seconds"] for entry in report["history"]))
