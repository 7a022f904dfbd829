"""What counts as a node's code: whatever its function reaches in the package, and nothing else."""

import functools
import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from auricle.runner import modules
from auricle.runner.code import Code

NODES = '''"""Nodes."""
from auricle.helpers import scale as scaled
from auricle import tables


def fit(values):
    """Learn."""
    from .deep import train

    return train(scaled(values))  # far away


def report(values):
    return tables.render(values)


def load(kind):
    import importlib

    return importlib.import_module(KINDS[kind])


def name(kind):
    return sorted(KINDS)


KINDS = {"cnn": "auricle.cnn"}
'''
HELPERS = """FACTOR = 2

def scale(values):
    return values * FACTOR

def other():
    return 1
"""
PARAMS = """class Params:
    size: int = Field(1, description="Size.")

register(Params)
"""
PAGE = """TEMPLATE = Path(__file__).with_name("templates")

def render(values):
    return TEMPLATE
"""
PACKAGE = {
    "__init__.py": "",
    "nodes.py": NODES,
    "helpers.py": HELPERS,
    "deep.py": "from auricle.params import Params\n\ndef train(values):\n    return Params(values)\n",
    "params.py": PARAMS,
    "tables/__init__.py": "from auricle.tables.page import render\n",
    "tables/page.py": PAGE,
    "tables/templates/page.html": "<p>",
    "cnn.py": "class CNN:\n    channels = 8\n",
}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of that name whose source is read instead of the real one's."""
    for name, source in PACKAGE.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source)
    monkeypatch.setattr(modules, "SOURCE", tmp_path)
    return tmp_path


@pytest.fixture
def function() -> Iterator[Callable[[str], Callable[..., Any]]]:
    """A function that says of itself that it is one of `auricle.nodes`."""

    def made(name: str) -> Callable[..., Any]:
        def stub() -> None: ...

        stub.__module__, stub.__qualname__ = "auricle.nodes", name
        return stub

    yield made
    assert importlib.util.find_spec("auricle.nodes") is None
    assert "auricle.nodes" not in sys.modules  # reading source imports nothing


Make = Callable[[str], Callable[..., Any]]


def edit(package: Path, name: str, old: str, new: str) -> None:
    text = (package / name).read_text()
    assert old in text
    (package / name).write_text(text.replace(old, new))


class TestReach:
    @pytest.mark.parametrize(
        ("of", "file", "old", "new"),
        [
            ("fit", "nodes.py", "train(scaled(values))", "train(values)"),
            ("fit", "helpers.py", "values * FACTOR", "values + FACTOR"),
            ("fit", "helpers.py", "FACTOR = 2", "FACTOR = 3"),
            ("fit", "deep.py", "Params(values)", "Params()"),
            ("fit", "params.py", "Field(1", "Field(2"),
            ("fit", "params.py", "register(Params)", "register(Params, 1)"),
            ("report", "tables/page.py", "return TEMPLATE", "return None"),
            ("report", "tables/templates/page.html", "<p>", "<div>"),
            ("load", "cnn.py", "channels = 8", "channels = 16"),
            ("name", "nodes.py", '"cnn":', '"net":'),
        ],
    )
    def test_a_change_within_is_seen(
        self, package: Path, function: Make, of: str, file: str, old: str, new: str
    ) -> None:
        before = Code().of(function(of))
        edit(package, file, old, new)
        assert Code().of(function(of)) != before

    def test_a_class_that_parameters_name_is_followed_as_a_function_is(self, package: Path) -> None:
        (package / "parts.py").write_text(
            "from auricle.params import Params\n\nclass Part(Params):\n    pass\n"
        )
        before = Code().of_class("auricle.parts:Part")
        assert set(before) == {"auricle.parts.Part", "auricle.params.Params"}
        edit(package, "params.py", "Field(1", "Field(2")
        assert Code().of_class("auricle.parts:Part") != before
        assert Code().of_class("not_allowed:Part") == {}

    @pytest.mark.parametrize(
        ("of", "file", "old", "new"),
        [
            ("fit", "nodes.py", "# far away", "# further"),
            ("fit", "nodes.py", '"""Learn."""', '"""Learn more."""'),
            ("fit", "nodes.py", "scaled(values))", "scaled(\n        values\n    ))"),
            ("fit", "params.py", '"Size."', '"Size of it."'),
            ("fit", "helpers.py", "return 1", "return 2"),
            ("fit", "cnn.py", "channels = 8", "channels = 16"),
            ("name", "cnn.py", "channels = 8", "channels = 16"),
            ("fit", "tables/templates/page.html", "<p>", "<div>"),
        ],
    )
    def test_a_change_of_words_or_elsewhere_is_none(
        self, package: Path, function: Make, of: str, file: str, old: str, new: str
    ) -> None:
        before = Code().of(function(of))
        edit(package, file, old, new)
        assert Code().of(function(of)) == before

    def test_what_has_changed_has_a_name(self, package: Path, function: Make) -> None:
        before = Code().of(function("fit"))
        edit(package, "helpers.py", "FACTOR = 2", "FACTOR = 3")
        after = Code().of(function("fit"))
        assert {name for name in after if after[name] != before[name]} == {"auricle.helpers.FACTOR"}


def somebody_elses(values: int) -> int:
    return values + 1


class TestOtherFunctions:
    def test_one_of_another_package_counts_by_itself(self) -> None:
        assert list(Code().of(somebody_elses)) == [f"{__name__}.somebody_elses"]

    def test_what_is_bound_to_a_partial_one_counts(self) -> None:
        one, two = (Code().of(functools.partial(somebody_elses, values=value)) for value in (1, 2))
        assert one != two

    def test_networks_count_where_they_are_built_and_not_where_forests_are(self) -> None:
        from auricle.pipelines.train_deep.nodes import fit
        from auricle.pipelines.train_forest.nodes import fit as fit_forest

        assert "auricle.models.cnn" in Code().of(fit)
        assert "auricle.models.cnn" not in Code().of(fit_forest)
