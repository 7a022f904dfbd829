"""The base of all typed parameters: frozen, and strict about names."""

from pydantic import BaseModel, ConfigDict


class Params(BaseModel):
    """Parameters that cannot change after validation and that refuse a name they do not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


def check_no_gaps(window_seconds: float | None, hop_seconds: float | None) -> None:
    """Refuse windows with gaps between them; None is for a length that is not known here.

    Raises:
        ValueError: as validators of parameters do.
    """
    if window_seconds and hop_seconds and hop_seconds > window_seconds:
        raise ValueError(
            f"hop_seconds ({hop_seconds}) is greater than window_seconds ({window_seconds}): "
            "parts of a recording would never be heard. Choose hop_seconds <= window_seconds."
        )
