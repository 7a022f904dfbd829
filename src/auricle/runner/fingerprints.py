"""The state of a node as it is now: its code, and fingerprints of what it reads and has written."""

import json
import uuid
from pathlib import Path
from typing import Any

from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from pydantic import BaseModel

from auricle.datasets.fingerprint import digest, fingerprint_of, fingerprint_of_listing, path_of
from auricle.pipelines.marks import ALWAYS, GATE
from auricle.runner.code import Code
from auricle.runner.records import NodeState

PARAMETERS = ("params:", "parameters")


class Fingerprints:
    """States of the nodes of one run."""

    def __init__(self, pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]) -> None:
        self._catalog = catalog
        self._code = Code()
        self._keys: dict[str, str] = {}  # of what lies in memory: how it came about
        self.makers = {name: node for node in pipeline.nodes for name in node.outputs}
        self._gates = {name for name, node in self.makers.items() if GATE in node.tags}

    def of(self, node: Node) -> NodeState:
        """The state of a node now; nodes whose outputs it reads come first.

        A folder that the node reads in order to add to it is an output, and no input. What a gate says is
        none either: whether a node may run is no reason to run it again.
        """
        outputs = {name: self._catalog[name] for name in node.outputs if not self.in_memory(name)}
        written = {path_of(dataset) for dataset in outputs.values()} - {None}
        inputs = {
            name: told
            for name in node.inputs
            if name not in self._gates
            and path_of(self._catalog[name]) not in written
            and not self._is_known_through_another(name, node)
            and (told := self._of_input(name)) is not None
        }
        if ALWAYS in node.tags:
            inputs["what only it can compare"] = uuid.uuid4().hex
        left = {
            name: told for name, dataset in outputs.items() if (told := fingerprint_of(dataset)) is not None
        }
        return NodeState(self._code.of(node.func), inputs, left)

    def note(self, node: Node, state: NodeState) -> None:
        """Let what a node leaves in memory be known by its state, to those that read it."""
        self._keys |= {name: state.key for name in node.outputs if self.in_memory(name)}

    def in_memory(self, name: str) -> bool:
        """Whether an entry lies in memory only."""
        return bool(getattr(self._catalog[name], "_EPHEMERAL", False))

    def changed_by_others(self, node: Node) -> set[str]:
        """Outputs that a command, or a person, may change as well."""
        return {name for name in node.outputs if getattr(self._catalog[name], "changed_by_others", False)}

    def _is_known_through_another(self, name: str, node: Node) -> bool:
        """Whether a node reads what tells all that matters of this input: the manifest, of recordings."""
        other = getattr(self._catalog[name], "known_through", None)
        if other is None:
            return False
        corpus = name.removesuffix(name.rpartition(".")[2])
        return any(read.startswith(corpus) and read.rpartition(".")[2] == other for read in node.inputs)

    def _of_input(self, name: str) -> str | None:
        if name.startswith(PARAMETERS):
            return fingerprint_of_parameter(self._catalog.load(name))
        if self.in_memory(name):
            return self._keys.get(name) or f"unknown:{uuid.uuid4().hex}"
        return fingerprint_of(self._catalog[name])


def fingerprint_of_parameter(value: Any) -> str:
    """Of the value, and of the files and folders that it names: a list of labels, a pretrained encoder."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    named = sorted(path for text in _texts(value) if (path := _path_in(text)))
    there = (f"{path}={fingerprint_of_listing(path)}" for path in named)
    return digest([json.dumps(value, sort_keys=True, default=str), *there])


def _texts(value: Any) -> list[str]:
    if isinstance(value, str | Path):
        return [str(value)]
    within = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return [text for entry in within for text in _texts(entry)]


def _path_in(text: str) -> Path | None:
    """A text that has a slash or a suffix, as names of files have, and that is there."""
    path = Path(text).expanduser()
    try:
        return path if ("/" in text or path.suffix) and path.exists() else None
    except OSError:  # too long for a name
        return None
