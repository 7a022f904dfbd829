"""What a node was when it last ran to its end: code, inputs and outputs, in a file each."""

import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path

from auricle.datasets.fingerprint import DAMAGED, MISSING, digest
from auricle.models.whole_file import write_whole

SHOWN = 3  # definitions or entries that a reason names


@dataclass(frozen=True)
class NodeState:
    """Fingerprints of a node.

    Attributes:
        code: by definition.
        inputs: by catalog entry.
        outputs: by catalog entry; what lies in memory only is not among them.
    """

    code: dict[str, str]
    inputs: dict[str, str]
    outputs: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Equal where code and inputs are: the fingerprint of what the node leaves in memory."""
        return digest([json.dumps([self.code, self.inputs], sort_keys=True)])


def changes(old: NodeState | None, new: NodeState, changed_by_others: set[str]) -> str | None:
    """Why a node has to run, in a few words; None where it need not.

    Args:
        old: as it last ran to its end, None where it never did.
        new: as it is.
        changed_by_others: outputs that have to be there, and need not be what the node has made of them.
    """
    if old is None:
        return "it has not run to its end before"
    if different := _different(old.code, new.code):
        return f"its code has changed ({_some(different)})"
    if different := _different(old.inputs, new.inputs):
        return f"{_some(different)} changed"
    outputs = _different(old.outputs, new.outputs)
    for state, told in ((MISSING, "gone"), (DAMAGED, "damaged")):
        if lost := [name for name in outputs if new.outputs.get(name, MISSING) == state]:
            return f"{_some(lost)} {'is' if len(lost) == 1 else 'are'} {told}"
    if different := [name for name in outputs if name not in changed_by_others]:
        return f"{_some(different)} is not what it has made"
    return None


class Records:
    """The states of nodes, in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, node: str) -> NodeState | None:
        """The state in which a node last ran to its end; None where it did not, or it cannot be read."""
        try:
            return NodeState(**json.loads(self._path(node).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None  # the node runs, which is what makes a record whole again

    def write(self, node: str, state: NodeState) -> None:
        """Keep a state, whole or not at all."""
        write_whole(self._path(node), json.dumps(asdict(state), indent=1, sort_keys=True).encode())

    def forget(self, node: str) -> None:
        """A node is about to write its outputs: whatever becomes of it, they are not what they were."""
        self._path(node).unlink(missing_ok=True)

    def _path(self, node: str) -> Path:
        # The name for people; the digest because names may have characters that no file may have.
        name = re.sub(r"[^\w.-]", "_", node)[:100]
        return self._folder / f"{name}-{digest([node])[:8]}.json"


def _different(old: dict[str, str], new: dict[str, str]) -> list[str]:
    return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))


def _some(names: list[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")
