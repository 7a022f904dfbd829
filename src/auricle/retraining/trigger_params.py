"""Typed parameters of what makes a retraining due."""

from pydantic import Field

from auricle.params import Params


class TriggerParams(Params):
    """What makes a retraining due; any one of them suffices, and a model without champion is always due."""

    min_new_recordings: int | None = Field(
        50,
        description="So many recordings that are new, or have other labels, since the last training that was"
        " decided on; null: their number makes none due.",
        ge=1,
    )
    max_age_days: float | None = Field(
        30.0,
        description="Days since that training after which the next is due, where anything has changed in the"
        " corpus; null: time makes none due.",
        gt=0,
    )
    on_drift: bool = Field(
        True, description="New recordings that have drifted, where some came since that training."
    )
    min_drifted_recordings: int = Field(
        20,
        description="So many recordings that are new, or have other labels, since the last challenger that"
        " was decided on, before drift makes another due: that one has answered to what had drifted by then.",
        ge=1,
    )
    always: bool = Field(False, description="true: due whatever else, for a run by hand.")
