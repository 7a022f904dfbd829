"""Classes that configuration names as `module:Class`: imported only from modules that it allows.

A bundle names its classes too, but what it says is data: they are imported only where this process was told,
by configuration or by a program that calls `allow`, that they may be.
"""

import hashlib
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import Field, field_validator

from auricle.errors import ConfigurationError
from auricle.params import Params

# Auricle's own, which need no permission.
SUPPLIED = ("auricle.models.encoders", "auricle.models.classifiers")
# The parameter that says what may be imported.
PLUGINS = "plugins"
EXAMPLE = "my_encoder:MyEncoder"


class PluginParams(Params):
    """Where classes of one's own may come from."""

    allowed: tuple[str, ...] = Field(
        (),
        description="Modules that encoder_class and classifier_class may name besides Auricle's own: a"
        " package that is installed (with all in it), or a file of that name beside the project.",
    )

    @field_validator("allowed")
    @classmethod
    def _names(cls, allowed: tuple[str, ...]) -> tuple[str, ...]:
        for name in allowed:
            if not _is_module(name):
                raise ValueError(f"{name!r} is no name of a module, such as my_encoder or my_package.heads")
        return allowed


@dataclass(frozen=True)
class Permission:
    """What this process may import for models.

    Attributes:
        allowed: modules and packages.
        folder: where a file of one's own is looked for, after what is installed; None: nowhere.
    """

    allowed: tuple[str, ...] = ()
    folder: Path | None = None

    def covers(self, module: str) -> bool:
        """Whether a module is one of these, or in one of these packages."""
        return module in SUPPLIED or any(
            module == name or module.startswith(f"{name}.") for name in self.allowed
        )


class _Process:
    # Not a context variable: Kedro's runners may call nodes in threads, which have contexts of their own.
    permission = Permission()


def allow(allowed: Iterable[str], folder: Path | None = None) -> None:
    """Say what this process may import, in place of what was said before.

    Args:
        allowed: modules and packages; from a configuration file or a program, never from data or a request.
        folder: of files of one's own, mostly the project's.
    """
    _Process.permission = Permission(PluginParams(allowed=tuple(allowed)).allowed, folder)


@contextmanager
def allowing(allowed: Iterable[str], folder: Path | None = None) -> Iterator[None]:
    """The same for a while."""
    before = _Process.permission
    allow(allowed, folder)
    try:
        yield
    finally:
        _Process.permission = before


def load_class(named: str, parameter: str) -> type[Any]:
    """The class that configuration or a bundle names.

    Args:
        named: `module:Class`.
        parameter: what messages call it, such as `encoder_class`.

    Raises:
        ConfigurationError: it is not spelled so, not allowed, not there, or no `torch.nn.Module`.
    """
    from torch import nn

    module_name, colon, name = named.partition(":")
    if not colon or not _is_module(module_name) or not name.isidentifier():
        raise ConfigurationError(
            f"{parameter} is {named!r}, which is not spelled module:Class. Spell it as {EXAMPLE!r}."
        )
    permission = _Process.permission
    if not permission.covers(module_name):
        told = ", ".join(permission.allowed) or "nothing"
        raise ConfigurationError(
            f"{parameter} is {named!r}, and {module_name!r} may not be imported: plugins.allowed has {told}."
            f" If you trust that code, add {module_name.partition('.')[0]!r} to plugins.allowed (a"
            " program calls auricle.models.rating.plugins.allow)."
        )
    module = _module(module_name, permission.folder, f"{parameter} {named!r}")
    found = getattr(module, name, None)
    if not inspect.isclass(found):
        classes = [key for key, value in vars(module).items() if inspect.isclass(value)]
        near = get_close_matches(name, classes, n=1)
        raise ConfigurationError(
            f"{parameter} is {named!r}, and {module_name} has no class {name!r}"
            f"{f'; {near[0]!r} is near' if near else ''}. Correct the name."
        )
    if not issubclass(found, nn.Module):
        raise ConfigurationError(
            f"{parameter} is {named!r}, which is no torch.nn.Module, so that nothing of it could be trained"
            f" or kept. Write `class {name}(torch.nn.Module):`."
        )
    return found


def make_part(named: str, parameter: str, arguments: dict[str, Any], **offered: Any) -> Any:
    """Make a module of the class that is named.

    Args:
        named: `module:Class`.
        parameter: what messages call it.
        arguments: keyword arguments of its constructor.
        offered: more of them, each given if the constructor has a parameter of that name.

    Raises:
        ConfigurationError: the class cannot be had, or does not take the arguments.
    """
    part_class = load_class(named, parameter)
    takes = inspect.signature(part_class.__init__).parameters
    told = {name: value for name, value in offered.items() if name in takes}
    if twice := sorted(told.keys() & arguments.keys()):
        raise ConfigurationError(
            f"{parameter} {named!r} is given {twice[0]}: {arguments[twice[0]]!r}, and Auricle itself gives it"
            f" {told[twice[0]]!r}. Leave {twice[0]} out of its arguments."
        )
    try:
        return part_class(**told, **arguments)
    except ConfigurationError:
        raise
    except Exception as error:
        raise ConfigurationError(
            f"{parameter} {named!r} cannot be made with {told | arguments}: {type(error).__name__}: {error}."
            " Correct its arguments, or its __init__."
        ) from error


def source_digest(part_class: type[Any]) -> str | None:
    """SHA-256 of the file that a class is written in; None where there is none to read."""
    try:
        file = inspect.getsourcefile(part_class)
    except TypeError:
        return None
    if file is None or not Path(file).is_file():
        return None
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()


def source_files(named: str) -> list[Path]:
    """The files that decide what a class is that configuration names; nothing is imported.

    Args:
        named: `module:Class`; of a package, all that lies in it counts.

    Returns:
        Sorted; none of what is not allowed, not there, or Auricle's own.
    """
    module, colon, _ = named.partition(":")
    permission = _Process.permission
    if not colon or not _is_module(module) or module in SUPPLIED or not permission.covers(module):
        return []
    top = module.partition(".")[0]
    if permission.folder is not None and (beside := permission.folder / f"{top}.py").is_file():
        return [beside]
    spec = importlib.util.find_spec(top)
    if spec is None:
        return []
    if spec.submodule_search_locations:
        return sorted(
            file for folder in spec.submodule_search_locations for file in Path(folder).rglob("*.py")
        )
    return [Path(spec.origin)] if spec.origin is not None and Path(spec.origin).is_file() else []


def _is_module(name: str) -> bool:
    return all(part.isidentifier() for part in name.split("."))


def _module(name: str, folder: Path | None, asked_by: str) -> ModuleType:
    file = None if folder is None or "." in name else folder / f"{name}.py"
    beside = file is not None and file.is_file()
    if (known := sys.modules.get(name)) is not None and not beside:
        return known
    try:
        spec = None if known is not None else _installed(name)
        if not beside:
            if spec is None:
                where = "" if file is None else f", and there is no {file}"
                raise ConfigurationError(
                    f"{asked_by}: no module {name!r} is installed{where}. Install its package, put the file"
                    " there, or correct the name."
                )
            return importlib.import_module(name)
        assert file is not None
        return _from_file(name, file, known, spec, asked_by)
    except ConfigurationError:
        raise
    except Exception as error:  # whatever the user's module does when it is imported
        raise ConfigurationError(
            f"{asked_by}: {name} cannot be imported: {type(error).__name__}: {error}. Mend it."
        ) from error


def _installed(name: str) -> Any:
    try:
        return importlib.util.find_spec(name)
    except ModuleNotFoundError:  # of the package around it
        return None


def _from_file(name: str, file: Path, known: ModuleType | None, spec: Any, asked_by: str) -> ModuleType:
    origin = getattr(known, "__file__", None) if known is not None else getattr(spec, "origin", None)
    if origin is not None and Path(origin).resolve() == file.resolve():
        return known or importlib.import_module(name)
    if known is not None or spec is not None:
        raise ConfigurationError(
            f"{asked_by}: both {file} and an installed module have the name {name!r}. Rename the file."
        )
    own = importlib.util.spec_from_file_location(name, file)
    assert own is not None
    assert own.loader is not None
    module = importlib.util.module_from_spec(own)
    sys.modules[name] = module
    try:
        own.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
