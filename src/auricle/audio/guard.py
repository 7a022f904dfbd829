"""Which changes would make a label untrue, as a table: one that comes with Auricle, a file, or parameters."""

from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import Field

from auricle.errors import ConfigurationError
from auricle.named_yaml import read_named_yaml
from auricle.params import Params

Kind = Literal["pitch", "stretch", "noise"]
KINDS: tuple[Kind, ...] = get_args(Kind)
# For the labels of the Good-sounds dataset, and of notes that Auricle synthesizes.
GOOD_SOUNDS = Path(__file__).with_name("guards") / "good_sounds.yml"


class GuardRow(Params):
    """What is not to be changed in recordings of a label, or of one below it in the hierarchy."""

    exclude: tuple[Kind, ...] = Field(
        min_length=1, description="Changes that would make the label untrue: pitch, stretch, noise."
    )
    why: str = Field(min_length=1, description="One sentence, which pages show.")


def read_guard(file: Path) -> dict[str, Any]:
    """Rows by label, as `VariantParams.guard` has them; what is in them is for their type to judge.

    Args:
        file: a YAML of `label: {exclude: [noise], why: a sentence}`, or the name of one that comes with
            Auricle: `good_sounds`.

    Raises:
        ConfigurationError: the file is not there, or is no mapping.
    """
    content = read_named_yaml(
        file, shipped=GOOD_SOUNDS.parent, what="a guard of labels", error=ConfigurationError
    )
    if not isinstance(content, dict):
        raise ConfigurationError(
            f"{file} is no guard of labels: write `label: {{exclude: [noise], why: a sentence}}` for each."
        )
    return content
