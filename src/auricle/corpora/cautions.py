"""What weakens figures, as a sentence for those who own the recordings and one for those who do not."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Caution:
    """A sentence.

    Attributes:
        text: For log and report; may name groups and files.
        without_names: The same without these names, where it has any.
    """

    text: str
    without_names: str | None = None

    @property
    def public(self) -> str:
        """For model cards, which others than the owners of the recordings read."""
        return self.without_names or self.text
