"""What an ablation leaves out or adds, and over how many random seeds."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from auricle.errors import ConfigurationError
from auricle.params import Params
from auricle.training.deep_params import DeepParams

BASELINE = "baseline"
THE_ABLATION = "The ablation"
FIXED = ("train.seed", "train.shuffle_labels")


class AblationParams(Params):
    """Variants of one deep model, trained with several seeds each and judged on the same recordings."""

    model: str = Field("resnet", description="Which deep model of the study.")
    seeds: int = Field(5, ge=1, le=100, description="Trainings of each variant, with train.seed from 0 on.")
    shared: dict[str, Any] = Field(
        default_factory=dict, description="Parameters that all variants have, the baseline too."
    )
    variants: dict[str, dict[str, Any]] = Field(
        min_length=1,
        description="By name what is changed, such as {model.use_attention: false};"
        " null leaves out one that another environment has.",
    )

    @field_validator("variants", mode="before")
    @classmethod
    def _leave_out(cls, variants: object) -> object:
        """An environment adds to the variants of another; by null it takes one away."""
        if not isinstance(variants, Mapping):
            return variants
        return {name: changes for name, changes in variants.items() if changes is not None}

    @model_validator(mode="after")
    def _refuse_contradictions(self) -> Self:
        if BASELINE in self.variants:
            raise ValueError(f"{BASELINE!r} is the name of what nothing is changed in: choose another")
        for name, changes in [("shared", self.shared), *self.variants.items()]:
            fixed = sorted(set(changes) & set(FIXED))
            if fixed:
                raise ValueError(f"{name} changes {', '.join(fixed)}, which the ablation sets itself")
        return self

    def chosen(self, base: DeepParams) -> dict[str, DeepParams]:
        """All parameters of each variant, the baseline first.

        Args:
            base: of the model.

        Raises:
            ConfigurationError: an unknown name, values that contradict each other, or two variants alike.
        """
        base = base.replaced(self.shared, by=THE_ABLATION)
        found = {BASELINE: base}
        for name, changes in self.variants.items():
            chosen = base.replaced(changes, by=THE_ABLATION)
            alike = next((other for other, params in found.items() if params == chosen), None)
            if alike is not None:
                raise ConfigurationError(
                    f"The variant {name!r} of the ablation does not differ from {alike!r}: {changes} is what"
                    " that has. Change a value, or leave the variant out (null)."
                )
            found[name] = chosen
        return found
