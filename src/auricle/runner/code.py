"""What a node's code is: its function and every definition of this package that it reaches."""

import ast
import functools
import hashlib
import inspect
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from auricle.models.rating.plugins import source_files
from auricle.runner.modules import Module, Place, digest_of, module_at, plain


class _Found(NamedTuple):
    digests: dict[str, str]
    reached: frozenset[Place]


@functools.cache
def _parsed(name: str, file: Path, changed_at: int) -> Module:
    """A module as it is since that time: a process of many runs reads each once."""
    return Module(name, file)


def _digest_of_other(function: Callable[..., Any]) -> str:
    try:
        source = textwrap.dedent(inspect.getsource(function))
    except (TypeError, OSError):  # built in, or typed into a notebook: only its name is known
        return digest_of(function.__qualname__)
    return digest_of(ast.dump(plain(ast.parse(source))))


class Code:
    """The package's source as it lies on the disk now; nothing is imported.

    A change of a function is one of all that calls it, however far away, and of nothing else in its module.
    References are found by name: of what a function is given, the methods count where its type is named.
    """

    def __init__(self) -> None:
        self._modules: dict[str, Module | None] = {}
        self._known: dict[Place, _Found] = {}

    def of(self, function: Callable[..., Any]) -> dict[str, str]:
        """Digests by definition: of the function, and of whatever it reaches in this package."""
        found: dict[str, str] = {}
        if isinstance(function, functools.partial):
            found["arguments"] = digest_of(repr((function.args, sorted(function.keywords.items()))))
            function = function.func
        start = Place(function.__module__, function.__qualname__.partition(".")[0])
        if self.module(start.module) is None:  # of no module of this package: the function by itself
            return found | {str(start): _digest_of_other(function)}
        return found | self._reached_from(start)

    def of_class(self, named: str) -> dict[str, str]:
        """Digests of a class that a parameter names as `module:Class`; none where it names nothing.

        Of a class of this package what it reaches, as of a function; of another the files that it comes from.
        """
        module, _, name = named.partition(":")
        if self.module(module) is not None:
            return self._reached_from(Place(module, name))
        files = source_files(named)
        told = (hashlib.sha256(file.read_bytes()).hexdigest() for file in files)
        return {named: digest_of(*told)} if files else {}

    def _reached_from(self, start: Place) -> dict[str, str]:
        found: dict[str, str] = {}
        reached, waiting = {start}, [start]
        while waiting:
            of_place = self._look_at(waiting.pop())
            found |= of_place.digests
            new = of_place.reached - reached
            reached |= new
            waiting += new
        return found

    def module(self, name: str) -> Module | None:
        """A module of the package; None of what is none."""
        if name not in self._modules:
            file = module_at(name)
            self._modules[name] = _parsed(name, file, file.stat().st_mtime_ns) if file else None
        return self._modules[name]

    def _look_at(self, place: Place) -> _Found:
        if place not in self._known:
            module = self.module(place.module)
            if module is None:
                found = _Found({}, frozenset())
            else:
                digest = module.digest(place.name)
                own = {str(place): digest} if digest else {}
                found = _Found(
                    own | module.files_read(place.name), frozenset(module.reached_from(place.name))
                )
            self._known[place] = found
        return self._known[place]
