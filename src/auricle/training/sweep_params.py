"""What a sweep varies, and how long it goes on."""

import json
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field, model_validator

from auricle.errors import ConfigurationError
from auricle.params import Params
from auricle.studies import TRAINED_BY
from auricle.training.deep_params import DeepParams

if TYPE_CHECKING:
    import pandas as pd

# Parameters that change what the validation loss means: by it, trials could not be compared.
CHANGES_THE_LOSS = (
    "train.class_weights",
    "train.focal_gamma",
    "train.pos_weight",
    "train.pos_weight_cap",
    "model.instrument_loss",
    "model.level_loss",
)
THE_SPACE = "The space of the sweep"
FIXED = ("train.best_metric", "train.shuffle_labels", "train.processes", "model.kind")


class Range(Params):
    """Numbers from `low` to `high`, whole ones where both ends are."""

    low: int | float = Field(description="The least.")
    high: int | float = Field(description="The greatest.")
    log: bool = Field(False, description="Draw evenly on a logarithmic scale.")

    @model_validator(mode="after")
    def _refuse_contradictions(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"low {self.low} must be below high {self.high}")
        if self.log and self.low <= 0:
            raise ValueError(f"log needs low above 0, not {self.low}")
        return self

    @property
    def ends(self) -> list[Any]:
        """The values that stand for all others in a check."""
        return [self.low, self.high]


class Choice(Params):
    """One of several values of any kind."""

    choices: tuple[Any, ...] = Field(min_length=2, description="The values.")

    @property
    def ends(self) -> list[Any]:
        """The values that stand for all others in a check."""
        return list(self.choices)


class SweepParams(Params):
    """A search for better parameters of one deep model, judged on validation."""

    model: str = Field("cnn", description="Which deep model of the study.")
    trials: int = Field(20, ge=1, le=10_000, description="Trials in all, those of earlier runs included.")
    space: dict[str, Range | Choice] = Field(
        min_length=1, description="What varies: a parameter of the model, such as train.learning_rate."
    )
    prune: bool = Field(True, description="Stop a trial that at some epoch is worse than half of the others.")
    prune_after_trials: int = Field(5, ge=1, description="Trials that are never stopped, to compare with.")
    prune_after_epochs: int = Field(5, ge=0, description="Epochs of a trial before it may be stopped.")
    timeout_minutes: float | None = Field(
        None, gt=0, description="No trial begins after this; null: no limit."
    )
    seed: int = Field(0, ge=0, lt=2**31, description="Seed of what is tried.")


def check_space(base: DeepParams, params: SweepParams) -> list[DeepParams]:
    """Refuse a space that no trial could be taken from, each parameter by itself.

    Returns:
        All parameters with each value that stands for others, one changed at a time.

    Raises:
        ConfigurationError: which says what is wrong with which.
    """
    if base.train.processes > 1:
        raise ConfigurationError(
            f"train.processes is {base.train.processes}, but a trial of a sweep, which may be stopped at any"
            " epoch, trains in one process. Set it to 1."
        )
    tried = []
    for name, values in params.space.items():
        if name in FIXED or name.startswith("labels."):
            raise ConfigurationError(
                f"The space of the sweep varies {name}: trials could not be compared. Run a sweep for each."
            )
        if name in CHANGES_THE_LOSS and base.train.best_metric == "loss":
            raise ConfigurationError(
                f"The space of the sweep varies {name}, which changes what the validation loss means. Choose"
                " another best_metric, such as macro_f1."
            )
        tried += [base.replaced({name: value}, by=THE_SPACE) for value in values.ends]
    return tried


def best_trial(trials: "pd.DataFrame", params: SweepParams, base: DeepParams, corpus: str) -> dict[str, Any]:
    """The best row of a table of trials, and its parameters as they go into a file of `conf/local`.

    Args:
        trials: what `auricle.training.sweep.sweep_model` gives, the best first.
        params: of the sweep.
        base: of the model.
        corpus: that it belongs to.
    """
    row = trials.iloc[0]
    parameters: dict[str, Any] = {}
    for name, values in params.space.items():
        value = row[name].item() if hasattr(row[name], "item") else row[name]
        *parents, last = name.split(".")
        branch = parameters
        for parent in parents:
            branch = branch.setdefault(parent, {})
        branch[last] = json.loads(value) if isinstance(values, Choice) else value
    return {
        "model": params.model,
        "metric": base.train.best_metric,
        "value": float(row["value"]),
        "trial": int(row["trial"]),
        "trials": len(trials),
        "parameters": {corpus: {params.model: parameters}},
        "command": f"kedro run --pipelines={TRAINED_BY[params.model]}",
    }
