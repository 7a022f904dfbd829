"""The base of all typed parameters: frozen, and strict about names."""

from pydantic import BaseModel, ConfigDict


class Params(BaseModel):
    """Parameters that cannot change after validation and that refuse a name they do not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())
