"""Typed parameters of the ensemble of a study."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from auricle.models.ensemble import Method
from auricle.params import Params


class EnsembleParams(Params):
    """Which models of a study answer together, and how."""

    name: str = Field("ensemble", description="Study and model as `auricle.load` takes them.")
    members: tuple[str, ...] | None = Field(
        None, description="Models of the study, two or more; null: all that are trained."
    )
    method: Method = Field(
        "mean",
        description="`mean` of probabilities; `weighted` mean; `stacking`: a logistic regression on the logs"
        " of probabilities, of several labels one for each; `rank_mean`, of several labels: the mean of ranks"
        " among validation recordings.",
    )
    weights: dict[str, Annotated[float, Field(ge=0)]] | None = Field(
        None,
        description="Of `weighted`, by member; null: those with the least log loss on validation.",
    )
    prior: float = Field(
        10.0,
        ge=0,
        description="Of `weighted`: how many recordings speak for equal weights, beside those of validation.",
    )
    inverse_regularization: float = Field(
        0.1, gt=0, le=1e6, description="Of `stacking`: C of scikit-learn's LogisticRegression."
    )
    folds: int = Field(
        5,
        ge=2,
        le=100,
        description="Parts of the validation recordings that are combined by what the others say; under"
        " cross-validation the folds of the corpus.",
    )

    @model_validator(mode="after")
    def _refuse_contradictions(self) -> Self:
        if self.members is not None:
            if len(set(self.members)) < len(self.members):
                raise ValueError(f"members names one twice: {list(self.members)}. Name each once")
            if len(self.members) < 2:
                raise ValueError(
                    f"members is {list(self.members)}: an ensemble needs two models or more. Name others, or"
                    " null for all that are trained"
                )
        if self.weights is not None:
            self._check_weights(self.weights)
        return self

    def _check_weights(self, weights: dict[str, float]) -> None:
        if self.method != "weighted":
            raise ValueError(
                f"weights have no effect with method: {self.method}. Set method: weighted, or weights: null"
            )
        if self.members is None or set(weights) != set(self.members):
            raise ValueError(
                f"weights are of {sorted(weights)}, and members are {self.members and list(self.members)}:"
                " name the members, and a weight for each"
            )
        if not sum(weights.values()) > 0:
            raise ValueError("weights are all 0: at least one member must have a say")
