"""Typed parameters of the rule of promotion."""

from typing import Annotated

from pydantic import Field

from auricle.params import Params

Ratio = Annotated[float, Field(ge=1.0, le=100.0)]


class LatencyParams(Params):
    """How long a recording may take, and how that is measured: on the CPU, both models in turn."""

    max_ratio: Ratio | None = Field(
        2.0, description="Of the challenger's seconds a recording to the champion's; null: any."
    )
    max_seconds: Annotated[float, Field(gt=0)] | None = Field(
        None, description="That the challenger may take for a recording, decoding included; null: any."
    )
    recordings: int = Field(
        8, description="Judged recordings that both models are timed on; 0 measures nothing.", ge=0, le=1000
    )
    repeats: int = Field(
        3, description="Times that each is predicted by each model; the shortest counts.", ge=1, le=100
    )


class SizeParams(Params):
    """How large the files of a bundle may be."""

    max_ratio: Ratio | None = Field(
        4.0,
        description="Of the challenger's size to the champion's; null: any. Forests grow with their corpus.",
    )
    max_megabytes: Annotated[float, Field(gt=0)] | None = Field(
        None, description="That the challenger's files may take; null: any."
    )


class RuleParams(Params):
    """When a challenger becomes the champion: where all that is asked for holds."""

    figure: str | None = Field(
        None,
        description="The figure that has to improve, over all labels; null: macro_f1 of one class each,"
        " mean_average_precision of several labels.",
    )
    min_improvement: float = Field(
        0.0,
        description="The lower bound of the improvement, by the paired bootstrap over groups, has to lie"
        " above this.",
        ge=-1,
        lt=1,
    )
    max_label_drop: float = Field(
        0.1,
        description="How much lower than the champion's F1 (of several labels: average precision) of any"
        " label with support may be.",
        ge=0,
        le=1,
    )
    min_support: int = Field(10, description="Judged recordings from which on a label has support.", ge=1)
    min_support_groups: int = Field(5, description="Groups that these have to come from, too.", ge=1)
    max_calibration_worsening: Annotated[float, Field(ge=0, le=1)] | None = Field(
        0.05,
        description="How much higher than the champion's the calibrated ECE may be shown to be, by the lower"
        " bound of the difference; null: any.",
    )
    latency: LatencyParams = Field(LatencyParams(), description="How long a recording may take.")
    size: SizeParams = Field(SizeParams(), description="How large the bundle may be.")


class KeepParams(Params):
    """What is left of old models; a champion, its predecessor and members of ensembles always are."""

    challengers: Annotated[int, Field(ge=1)] | None = Field(
        20, description="Of a model, from the newest on; null: all."
    )
