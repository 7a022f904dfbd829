"""Which demo corpus: of music, of single notes, of cries, or of rated music."""

from typing import Annotated, Any

from pydantic import ConfigDict, Discriminator, RootModel, Tag

from auricle.audio.synthesis.cries.params import CryDemoParams
from auricle.audio.synthesis.notes.params import NotesDemoParams
from auricle.audio.synthesis.params import DemoParams
from auricle.audio.synthesis.ratings.params import RatedDemoParams

Demo = DemoParams | NotesDemoParams | CryDemoParams | RatedDemoParams


def _kind(value: Any) -> Any:
    """What is said before there was a choice is about music."""
    return value.get("kind", "music") if isinstance(value, dict) else getattr(value, "kind", None)


_Tagged = (
    Annotated[DemoParams, Tag("music")]
    | Annotated[NotesDemoParams, Tag("notes")]
    | Annotated[CryDemoParams, Tag("cries")]
    | Annotated[RatedDemoParams, Tag("ratings")]
)


class AnyDemoParams(RootModel[Annotated[_Tagged, Discriminator(_kind)]]):
    """A demo corpus: the parameters of the `kind` that is named, of `music` where none is."""

    model_config = ConfigDict(frozen=True)
