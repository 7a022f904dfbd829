"""What becomes of the summaries of runs."""

from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, field_validator

from auricle.params import Params

RUNS = "runs"  # the parameter

# pydantic shows the value that it refuses, and the address has a secret in it.
NOT_SHOWN = ConfigDict(hide_input_in_errors=True)


class WebhookParams(Params):
    """One address that is told how each run has ended."""

    model_config = NOT_SHOWN

    url: str | None = Field(
        None, description="Where the summary is sent by POST, as JSON; null, or an empty text, tells nobody."
    )
    timeout_s: float = Field(10, gt=0, le=300, description="After so many seconds the run goes without.")

    @field_validator("url", mode="before")
    @classmethod
    def _empty_is_none(cls, url: Any) -> Any:
        return None if isinstance(url, str) and not url.strip() else url

    @field_validator("url")
    @classmethod
    def _check_address(cls, url: str | None) -> str | None:
        if url is not None and not _is_address(url):
            raise ValueError(
                "the webhook has no valid address (it is not shown: it may have a secret). Give one such as"
                " https://example.org/hook, or leave AURICLE_WEBHOOK_URL empty"
            )
        return url


class RunsParams(Params):
    """Which runs leave a summary, and who is told."""

    model_config = NOT_SHOWN

    summarize: Literal["retraining", "all"] = Field(
        "retraining",
        description="Of which runs: of those that a gate may end early, or of each.",
    )
    webhook: WebhookParams = Field(WebhookParams(), description="Who is told of them.")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that is never closed
        return False
