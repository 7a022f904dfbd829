"""What the runner does with nodes of every kind, on a catalog of small files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline
from kedro_datasets.json import JSONDataset

from auricle.datasets.recordings import RecordingsDataset
from auricle.datasets.work_directory import WorkDirectoryDataset
from auricle.errors import ConfigurationError
from auricle.pipelines.marks import ADDS_TO_ITS_INPUT, ALWAYS, GATE
from auricle.runner import IncrementalRunner


def double(number: int) -> int:
    return 2 * number


def add(number: int, more: int) -> int:
    return number + more


def keep(number: int) -> int:
    return number


def list_files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def fill(folder: Path) -> list[str]:
    (folder / "made.txt").write_text("made")
    return list_files(folder)


def hear_late(folder: Path) -> list[str]:
    """Lists a folder, into which somebody puts a file meanwhile."""
    heard = list_files(folder)
    (folder / f"late{len(heard)}.txt").write_text("late")
    return heard


def parents_of(labels: dict[str, str]) -> str:
    return Path(labels["parents"]).read_text()


def hear(folder: Path, manifest: int) -> list[str]:
    return list_files(folder)[:manifest]


def say_nothing(number: int) -> Iterator[int]:
    if number < 0:
        yield number


class Lab:
    """A catalog: `a` to `d` are files, `folder` is one of recordings, and others lie in memory."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "folder").mkdir()
        files = {name: JSONDataset(filepath=str(root / f"{name}.json")) for name in "abcd"}
        self.catalog: Any = DataCatalog(
            {
                **files,
                "folder": RecordingsDataset(filepath=str(root / "folder")),
                "fingerprints": WorkDirectoryDataset(filepath=str(root / "fingerprints")),
                "params:more": MemoryDataset(1),
            }
        )
        self.catalog.save("a", 1)

    def run(self, *nodes: Node, **options: Any) -> dict[str, str]:
        runner = IncrementalRunner(**options)
        runner.run(Pipeline(nodes), self.catalog)
        return runner.ran


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


class TestMemory:
    CHAIN = (
        Node(double, "a", "x", name="double"),
        Node(add, ["x", "params:more"], "b", name="add"),
        Node(keep, "x", "c", name="keep"),
    )

    def test_what_made_it_runs_only_for_one_that_needs_it(self, lab: Lab) -> None:
        lab.run(*self.CHAIN)
        assert lab.run(*self.CHAIN) == {}
        lab.catalog["params:more"] = MemoryDataset(5)
        lab.catalog.release("x")
        ran = lab.run(*self.CHAIN)
        assert ran == {"double": "add needs x, which is in memory only", "add": "params:more changed"}
        assert lab.catalog.load("b") == 7

    def test_what_it_was_made_of_counts(self, lab: Lab) -> None:
        lab.run(*self.CHAIN)
        lab.catalog.save("a", 10)
        lab.catalog.release("x")
        assert list(lab.run(*self.CHAIN)) == ["double", "add", "keep"]
        assert (lab.catalog.load("b"), lab.catalog.load("c")) == (21, 20)


class TestMarks:
    def test_always(self, lab: Lab) -> None:
        nodes = (Node(keep, "a", "b", name="keep", tags=ALWAYS), Node(double, "b", "c", name="double"))
        lab.run(*nodes)
        assert list(lab.run(*nodes)) == ["keep"]

    def test_adds_to_its_input(self, lab: Lab) -> None:
        node = Node(fill, "folder", "b", name="fill", tags=ADDS_TO_ITS_INPUT)
        assert list(lab.run(node)) == ["fill"]
        assert lab.run(node) == {}
        (lab.root / "folder/made.txt").unlink()
        assert lab.run(node) == {"fill": "folder changed"}


class TestOtherNodes:
    def test_what_came_while_a_node_ran_has_it_run_again(self, lab: Lab) -> None:
        node = Node(hear_late, "folder", "b", name="hear")
        lab.run(node)
        assert lab.run(node) == {"hear": "folder changed"}
        assert lab.catalog.load("b") == ["late0.txt"]

    @pytest.mark.parametrize("manifest", ["manifest", "retraining.manifest"])
    def test_recordings_that_a_manifest_tells_of_count_by_it(self, lab: Lab, manifest: str) -> None:
        lab.catalog[manifest] = lab.catalog["a"]
        node = Node(hear, ["folder", manifest], "b", name="hear")
        lab.run(node)
        (lab.root / "folder/unlisted.txt").write_text("unlisted")
        assert lab.run(node) == {}
        lab.catalog.save(manifest, 2)
        assert lab.run(node) == {"hear": f"{manifest} changed"}

    def test_one_that_makes_nothing_is_not_run_for_that(self, lab: Lab) -> None:
        node = Node(say_nothing, "a", "b", name="say")
        assert list(lab.run(node)) == ["say"]
        assert lab.run(node) == {}

    def test_one_without_outputs_runs(self, lab: Lab) -> None:
        node = Node(print, "a", None, name="tell")
        lab.run(node)
        assert lab.run(node) == {"tell": "it has no outputs"}

    def test_a_file_that_a_parameter_names_counts(self, lab: Lab) -> None:
        labels = lab.root / "labels.txt"
        labels.write_text("blues")
        lab.catalog["params:labels"] = MemoryDataset({"parents": str(labels)})
        node = Node(parents_of, "params:labels", "b", name="read")
        lab.run(node)
        assert lab.run(node) == {}
        labels.write_text("metal")
        assert lab.run(node) == {"read": "params:labels changed"}

    def test_a_damaged_record_is_as_good_as_none(self, lab: Lab) -> None:
        node = Node(keep, "a", "b", name="keep")
        lab.run(node)
        (record,) = (lab.root / "fingerprints").iterdir()
        record.write_text("{")
        assert lab.run(node) == {"keep": "it has not run to its end before"}

    def test_all_where_it_is_forced(self, lab: Lab) -> None:
        node = Node(keep, "a", "b", name="keep")
        lab.run(node)
        assert lab.run(node, force="true") == {"keep": "force is set"}

    def test_a_catalog_without_a_place_for_records_is_refused(self, lab: Lab) -> None:
        with pytest.raises(ConfigurationError, match="has no entry 'fingerprints'"):
            IncrementalRunner().run(Pipeline([Node(keep, "a", "b")]), DataCatalog({"a": MemoryDataset(1)}))


def ask(number: int) -> dict[str, Any]:
    return {"go": number > 1, "reason": f"{number} new, 2 needed"}


def train(number: int, due: dict[str, Any]) -> int:
    return 100 * number


def answer_badly(number: int) -> dict[str, Any]:
    return {"go": "no"}


class TestGates:
    NODES = (
        Node(ask, "a", "due", name="gate", tags=GATE),
        Node(train, ["a", "due"], "x", name="train"),
        Node(keep, "x", "b", name="judge"),
        Node(keep, "a", "c", name="report"),
    )

    def test_behind_a_closed_one_nothing_runs_and_the_rest_does(
        self, lab: Lab, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("INFO", "auricle.runner")
        assert set(lab.run(*self.NODES)) == {"gate", "report"}
        assert not lab.catalog.exists("b")
        assert "2 nodes were kept from running: due: 1 new, 2 needed" in caplog.text

    def test_behind_an_open_one_runs_what_has_changed(self, lab: Lab) -> None:
        lab.catalog.save("a", 5)
        assert set(lab.run(*self.NODES)) == {"gate", "train", "judge", "report"}
        # It says something else each time; who may run is not made to run by that.
        lab.catalog["params:more"] = MemoryDataset(3)
        again = (Node(add, ["a", "params:more"], "due_by", name="count"), *self.NODES[1:])
        gate = Node(ask, "due_by", "due", name="gate", tags=GATE)
        assert set(lab.run(gate, *again)) == {"gate", "count"}

    def test_a_closed_one_holds_back_what_has_changed_and_what_it_needs(self, lab: Lab) -> None:
        runner = IncrementalRunner()
        runner.run(Pipeline(self.NODES), lab.catalog)
        assert runner.held == dict.fromkeys(("train", "judge"), "due: 1 new, 2 needed")

    def test_narrowed_to_what_is_behind_it_the_rest_runs(self, lab: Lab) -> None:
        lab.catalog["due"] = MemoryDataset({"go": False})
        assert list(lab.run(*self.NODES[1:3])) == ["train", "judge"]

    def test_one_that_says_neither_is_refused(self, lab: Lab) -> None:
        with pytest.raises(ConfigurationError, match=r"due is \{'go': 'no'\}"):
            lab.run(Node(answer_badly, "a", "due", name="gate", tags=GATE), *self.NODES[1:])
