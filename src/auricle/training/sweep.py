"""A search for better parameters by Optuna: every trial is judged on validation, the test split by none."""

import json
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from auricle.audio.frontend import FrontEnd
from auricle.audio.store import SpectrogramStore
from auricle.corpora.selection import having
from auricle.errors import AuricleError, ConfigurationError
from auricle.models.provenance import manifest_digest
from auricle.training.checks import check_front_end
from auricle.training.deep import DeepTraining
from auricle.training.deep_params import BLOCKS, DeepParams
from auricle.training.folds import partitions
from auricle.training.sweep_params import THE_SPACE, Choice, SweepParams
from auricle.training.variants import Variants, variants_for_digest
from auricle.training.vocabulary import Examples, labels_for_digest, read_examples
from auricle.training.workdir import open_workdir, training_digest

if TYPE_CHECKING:
    import optuna

    from auricle.training.trainer import TrainedModel

logger = logging.getLogger(__name__)

JOURNAL, STUDY, DOES_AGAIN = "optuna.journal", "sweep", "does_again"


@dataclass(frozen=True)
class Sweep:
    """A model of a study, its data, and what is varied."""

    examples: Examples
    data: str
    store: SpectrogramStore
    front_end: FrontEnd
    base: DeepParams
    params: SweepParams
    variants: Variants | None = None

    def run(self, workdir: Path) -> pd.DataFrame:
        """Go on until the trials are done; killed at any time, the same call goes on where it stopped.

        Args:
            workdir: keeps Optuna's journal, and checkpoints of the trial under way. Another model, space or
                corpus has a folder of its own in it.

        Returns:
            One row a trial: `trial`, `state` (complete, pruned, fail), `value` (of `best_metric`, on
            validation; of a complete one), what was varied, and the figures of its best epoch, of a pruned
            one so far; a failed one has none.

        Raises:
            ConfigurationError: every trial failed.
        """
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        with open_workdir(workdir, self._digest()) as folder:
            study = self._study(folder)
            enqueue_unfinished(study)
            done = finished(study)
            if len(done) < self.params.trials:
                minutes = self.params.timeout_minutes
                study.optimize(
                    lambda trial: self._trial(trial, folder),
                    n_trials=self.params.trials - len(done),
                    timeout=None if minutes is None else 60 * minutes,
                    catch=(AuricleError,),
                    callbacks=[self._log],
                )
            return self._table(study)

    def _digest(self) -> str:
        base = {name: getattr(self.base, name).model_dump(mode="json") for name in BLOCKS}
        if self.variants is None:
            del base["train"]["variants"]
        return training_digest(
            data=self.data,
            front_end=self.front_end.digest,
            base=base,
            sweep=self.params.model_dump(mode="json", exclude={"trials", "timeout_minutes"}),
            **labels_for_digest(self.base.labels),
            **variants_for_digest(self.variants),
        )

    def _study(self, folder: Path) -> "optuna.Study":
        import optuna
        from optuna.storages.journal import JournalFileBackend, JournalStorage

        params = self.params
        pruner = optuna.pruners.MedianPruner(params.prune_after_trials, params.prune_after_epochs)
        study = optuna.create_study(
            storage=JournalStorage(JournalFileBackend(str(folder / JOURNAL))),
            study_name=STUDY,
            load_if_exists=True,
            direction="minimize" if self.base.train.best_metric == "loss" else "maximize",
            pruner=pruner if params.prune else optuna.pruners.NopPruner(),
        )
        # A run that goes on must not draw again what the first one drew.
        study.sampler = optuna.samplers.TPESampler(seed=params.seed + len(study.trials))
        return study

    def _trial(self, trial: "optuna.Trial", folder: Path) -> float:
        values = {name: self._drawn(trial, name) for name in self.params.space}
        checkpoints = folder / training_digest(values=values)
        metric = self.base.train.best_metric
        chosen = self.base.replaced(values, by=THE_SPACE)
        training = DeepTraining.of(
            self.examples,
            self.store,
            self.front_end,
            chosen.model.root,
            chosen.train,
            chosen.windows,
            self.variants,
        )
        part = partitions(self.examples)[-1]
        training.check_model(part)
        with _removed_unless_killed(checkpoints):
            trained = training.train(
                part,
                checkpoints,
                callbacks=(_pruning(trial, metric),) if self.params.prune else (),
            )
            best = best_epoch(trained)
            trial.set_user_attr("parameters", trained.model.num_parameters())
            _keep(trial, best, trained.history)
        return best[_validation_name(metric)]

    def _drawn(self, trial: "optuna.Trial", name: str) -> Any:
        """A value of the space; Optuna's journal keeps only plain ones, so that a choice is kept as JSON."""
        values = self.params.space[name]
        if isinstance(values, Choice):
            return json.loads(
                trial.suggest_categorical(name, [json.dumps(value) for value in values.choices])
            )
        if isinstance(values.low, int) and isinstance(values.high, int):
            return trial.suggest_int(name, values.low, values.high, log=values.log)
        return trial.suggest_float(name, values.low, values.high, log=values.log)

    def _log(self, study: "optuna.Study", trial: "optuna.trial.FrozenTrial") -> None:
        state, varied = trial.state.name.lower(), ", ".join(f"{k} {v}" for k, v in trial.params.items())
        logger.info(
            "Trial %d of %d: %s%s (%s).",
            len(finished(study)),
            self.params.trials,
            state,
            "" if trial.value is None else f", {self.base.train.best_metric} {trial.value:.4f}",
            varied,
        )

    def _table(self, study: "optuna.Study") -> pd.DataFrame:
        done = finished(study)
        if not any(trial.state.name == "COMPLETE" for trial in done):
            raise ConfigurationError(
                f"None of the {len(done)} trials of the sweep came to its end; the log says why of each."
                " Mend the space, or give it more time."
            )
        rows = [
            {
                "trial": trial.number,
                "state": trial.state.name.lower(),
                "value": trial.value if trial.state.name == "COMPLETE" else None,
                **trial.params,
                **trial.user_attrs.get("figures", {}),
                **{name: trial.user_attrs.get(name) for name in ("epochs", "parameters", "seconds")},
            }
            for trial in done
        ]
        is_loss = self.base.train.best_metric == "loss"
        return pd.DataFrame(rows).sort_values("value", ascending=is_loss, ignore_index=True)


def sweep_model(  # noqa: PLR0917  (the order of the catalog entries of its node)
    manifest: pd.DataFrame,
    store: SpectrogramStore,
    front_end: FrontEnd,
    base: DeepParams,
    params: SweepParams,
    workdir: Path,
    variants: Variants | None = None,
) -> pd.DataFrame:
    """Search for better parameters of a deep model; see `Sweep.run`."""
    check_front_end(store, front_end)
    manifest = having(manifest, store, what="spectrogram", pipeline="cache_spectrograms")
    examples = read_examples(manifest, base.labels)
    if examples.is_k_fold:
        logger.warning(
            "Under cross-validation every recording is judged later, also those that this sweep validates on:"
            " figures of what it finds flatter a little. Use protocol: holdout for an untouched test split."
        )
    data = manifest_digest(manifest)
    return Sweep(examples, data, store, front_end, base, params, variants).run(workdir)


def finished(study: "optuna.Study") -> list["optuna.trial.FrozenTrial"]:
    """Trials that came to an end, whatever it was, but those that were killed and are done again."""
    again = {trial.user_attrs.get(DOES_AGAIN) for trial in study.trials}
    return [trial for trial in study.trials if trial.state.is_finished() and trial.number not in again]


def enqueue_unfinished(study: "optuna.Study") -> None:
    """Do again, first of all, the trial that a killed run was at; its checkpoints are where it stopped."""
    from optuna.trial import TrialState

    for trial in study.get_trials(states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)
        study.enqueue_trial(trial.params, user_attrs={DOES_AGAIN: trial.number})


def best_epoch(trained: "TrainedModel") -> dict[str, float]:
    """The figures of the epoch whose weights were kept."""
    return _figures(next(entry for entry in trained.history if entry["epoch"] == trained.best_epoch))


def _figures(entry: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in entry.items() if name not in ("seconds", "learning_rate")}


def _validation_name(metric: str) -> str:
    """What an entry of a history calls the figure that trials are compared by."""
    return "eval_loss" if metric == "loss" else metric


def _keep(trial: "optuna.Trial", best: dict[str, float], history: list[dict[str, float]]) -> None:
    """What the table says of a trial besides its state."""
    trial.set_user_attr("figures", best)
    trial.set_user_attr("epochs", len(history))
    trial.set_user_attr("seconds", sum(entry["seconds"] for entry in history))


def _pruning(trial: "optuna.Trial", metric: str) -> Any:
    from auricle.training.callbacks import AskAfterEpoch

    def ask(history: list[dict[str, float]]) -> None:
        import optuna

        name = _validation_name(metric)
        known = trial.study.trials[trial.number].intermediate_values
        for entry in history:
            if int(entry["epoch"]) not in known:
                trial.report(entry[name], int(entry["epoch"]))
        if trial.should_prune():
            best = (min if metric == "loss" else max)(history, key=lambda entry: entry[name])
            _keep(trial, _figures(best), history)
            raise optuna.TrialPruned

    return AskAfterEpoch(ask)


@contextmanager
def _removed_unless_killed(folder: Path) -> Iterator[None]:
    """Leave nothing of a trial that ended, however it did; a killed process ends nothing."""
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)
