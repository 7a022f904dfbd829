"""The runner of `kedro run`: which one it comes to, and how a signal ends it."""

from typing import Any

import pytest
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline
from kedro_datasets.json import JSONDataset

from auricle.errors import StoppedError, StopSignal
from auricle.runner import IncrementalRunner, ProjectRunner


def keep(number: int) -> int:
    return number


def be_ended(number: int) -> int:
    raise StopSignal(15)


@pytest.fixture
def catalog(tmp_path: Any) -> DataCatalog:
    files = {name: JSONDataset(filepath=str(tmp_path / f"{name}.json")) for name in "bc"}
    return DataCatalog({"a": MemoryDataset(1), **files})


def test_a_pipeline_without_a_gate_is_run_whole_each_time(catalog: DataCatalog) -> None:
    for _ in range(2):
        ran = ProjectRunner().run(Pipeline([Node(keep, "a", "b")]), catalog, _create_hook_manager())
        assert ran["b"].load() == 1


def test_after_a_signal_it_says_how_to_go_on(catalog: DataCatalog, caplog: pytest.LogCaptureFixture) -> None:
    nodes = [Node(keep, "a", "b", name="keep"), Node(be_ended, "b", "c", name="long")]
    with pytest.raises(StoppedError, match="SIGTERM has ended the run"):
        ProjectRunner().run(Pipeline(nodes), catalog, _create_hook_manager())
    assert '--from-nodes "long"' in caplog.text


def test_the_incremental_runner_gives_up_at_a_signal_too(catalog: DataCatalog, tmp_path: Any) -> None:
    catalog["fingerprints"] = MemoryDataset(tmp_path / "fingerprints", copy_mode="assign")
    with pytest.raises(StoppedError):
        IncrementalRunner().run(Pipeline([Node(be_ended, "a", "b", name="long")]), catalog)
