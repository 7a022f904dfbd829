"""What becomes of the summaries of runs."""

from typing import Literal

from pydantic import Field

from auricle.params import Params

RUNS = "runs"  # the parameter


class WebhookParams(Params):
    """One address that is told how each run has ended."""

    url: str | None = Field(
        None,
        pattern=r"^https?://.",
        description="Where the summary is sent by POST, as JSON; null tells nobody.",
    )
    timeout_s: float = Field(10, gt=0, le=300, description="After so many seconds the run goes without.")


class RunsParams(Params):
    """Which runs leave a summary, and who is told."""

    summarize: Literal["retraining", "all"] = Field(
        "retraining",
        description="Of which runs: of those that a gate may end early, or of each.",
    )
    webhook: WebhookParams = Field(WebhookParams(), description="Who is told of them.")
