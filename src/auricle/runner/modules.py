"""The source of one module: its definitions by name, and what each of them refers to."""

import ast
import hashlib
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import auricle

PACKAGE = "auricle"
SOURCE = Path(auricle.__file__).parent

IMPORTS_BY_NAME = "import_module"
READ_FILES = {"__file__", "PackageLoader"}  # mentioned where files are read that lie beside the module
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
SCOPES = (*DEFINITIONS, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Place(NamedTuple):
    """A definition at the top of a module; without a name, all of the module."""

    module: str
    name: str | None = None

    def __str__(self) -> str:
        return f"{self.module}.{self.name}" if self.name else self.module


class _Mentioned(NamedTuple):
    names: set[str]
    strings: list[str]
    imports: list[ast.Import | ast.ImportFrom]


class _Statement:
    """A statement at the top of a module, looked into only where it is reached."""

    def __init__(self, tree: ast.stmt) -> None:
        self.tree = tree

    @cached_property
    def source(self) -> str:
        return ast.dump(self.tree)

    @cached_property
    def mentioned(self) -> _Mentioned:
        found = _Mentioned(set(), [], [])
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Name):
                found.names.add(node.id)
            elif isinstance(node, ast.Attribute) and node.attr == IMPORTS_BY_NAME:
                found.names.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.strings.append(node.value)
            elif isinstance(node, ast.Import | ast.ImportFrom):
                found.imports.append(node)
        return found


class Module:
    """The definitions of a module, and what each refers to in the package."""

    def __init__(self, name: str, file: Path) -> None:
        self.name, self._file = name, file
        self._package = name if file.name == "__init__.py" else name.rpartition(".")[0]
        self._definitions: dict[str | None, list[_Statement]] = defaultdict(list)
        self._imports: dict[str, Place] = {}
        tree = plain(ast.parse(file.read_text(encoding="utf-8")))
        for statement in tree.body:
            if isinstance(statement, ast.Import | ast.ImportFrom):
                self._imports |= self._imported(statement)
            elif not _is_for_types_only(statement):
                told = _Statement(statement)
                # What binds no name, a registration for example, runs for whatever of the module is reached.
                for bound in _bound(statement) or {None}:
                    self._definitions[bound].append(told)

    def digest(self, name: str | None) -> str:
        """Of a definition's source; empty where it is defined elsewhere."""
        return digest_of(*(each.source for each in found)) if (found := self._statements(name)) else ""

    def files_read(self, name: str | None) -> dict[str, str]:
        """Digests of the files beside the module, such as templates, where a definition reads files there."""
        if not any(statement.mentioned.names & READ_FILES for statement in self._statements(name)):
            return {}
        beside = (file for file in sorted(self._file.parent.rglob("*")) if file.suffix not in (".py", ".pyc"))
        return {
            file.relative_to(SOURCE).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()[:12]
            for file in beside
            if file.is_file()
        }

    def reached_from(self, name: str | None) -> Iterator[Place]:
        """What a definition refers to in the package."""
        if name is None:  # of a package, what it takes from its modules to offer it
            yield from self._imports.values()
        elif name in self._imports:
            yield self._imports[name]
        for statement in self._statements(name):
            yield from (self._imports[one] for one in statement.mentioned.names & self._imports.keys())
            yield from (Place(self.name, one) for one in statement.mentioned.names & self._definitions.keys())
            for imported in statement.mentioned.imports:
                yield from self._imported(imported).values()
            if isinstance(statement.tree, DEFINITIONS):
                yield from self._imported_by_name(statement)

    def _statements(self, name: str | None) -> list[_Statement]:
        if name is None:
            return [statement for group in self._definitions.values() for statement in group]
        if name not in self._definitions:
            return []
        return self._definitions[name] + self._definitions.get(None, [])

    def _imported_by_name(self, definition: _Statement) -> Iterator[Place]:
        """Modules named in strings, by a function itself or by a table from which it imports them."""
        told = [definition]
        if IMPORTS_BY_NAME in definition.mentioned.names:
            told += [table for one in definition.mentioned.names for table in self._definitions.get(one, [])]
            if "__name__" in definition.mentioned.names:
                siblings = sorted(self._file.parent.glob("*.py"))
                yield from (Place(f"{self._package}.{file.stem}") for file in siblings if file != self._file)
        for statement in told:
            yield from (Place(text) for text in statement.mentioned.strings if module_at(text))

    def _imported(self, statement: ast.Import | ast.ImportFrom) -> dict[str, Place]:
        """By its name in this module, what an import brings of the package."""
        if isinstance(statement, ast.Import):
            ours = [alias for alias in statement.names if alias.name.partition(".")[0] == PACKAGE]
            return {alias.asname or PACKAGE: Place(alias.name) for alias in ours}
        parents = self._package.split(".")
        above = parents[: len(parents) + 1 - statement.level] if statement.level else []
        module = ".".join([*above, *([statement.module] if statement.module else [])])
        if module.partition(".")[0] != PACKAGE:
            return {}
        return {
            alias.asname or alias.name: Place(whole)
            if module_at(whole := f"{module}.{alias.name}")
            else Place(module, alias.name)
            for alias in statement.names
        }


class _Plain(ast.NodeTransformer):
    """Takes away what is there for people: docstrings, and descriptions of fields."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            return None
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Name) and node.func.id == "Field":
            node.keywords = [keyword for keyword in node.keywords if keyword.arg != "description"]
        return self.generic_visit(node)


def plain(tree: ast.Module) -> ast.Module:
    """The tree without what is there for people; comments never were in it."""
    _Plain().visit(tree)
    return tree


def module_at(name: str) -> Path | None:
    """The file of a module of the package; None of what is none."""
    package, *parts = name.split(".")
    if package != PACKAGE or not all(part.isidentifier() for part in parts):
        return None
    path = SOURCE.joinpath(*parts)
    return next((file for file in (path / "__init__.py", path.with_suffix(".py")) if file.is_file()), None)


def digest_of(*parts: str) -> str:
    """A short digest of pieces of source."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def _is_for_types_only(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.dump(statement.test)


def _bound(statement: ast.stmt) -> set[str | None]:
    """Names at the top of the module that a statement binds; what is bound inside of a scope is not there."""
    found: set[str | None] = set()
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, DEFINITIONS):
            found.add(node.name)
        elif isinstance(node, ast.alias):
            found.add(node.asname or node.name.partition(".")[0])
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        if not isinstance(node, SCOPES):
            waiting += ast.iter_child_nodes(node)
    return found
