"""The notebook runs from its first cell to its last, on what `kedro run` has made."""

import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from project_runs import REPOSITORY

NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))


@pytest.mark.long
@pytest.mark.parametrize("source", NOTEBOOKS, ids=lambda path: path.name)
def test_runs(source: Path, trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AURICLE_ENV", "ci")
    folder = trained / "notebooks"
    folder.mkdir(exist_ok=True)
    notebook = nbformat.read(shutil.copy(source, folder), as_version=4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in shown)


def test_there_is_a_notebook_and_it_is_committed_without_output() -> None:
    assert NOTEBOOKS
    for path in NOTEBOOKS:
        cells = nbformat.read(path, as_version=4).cells
        assert not any(cell.get("outputs") for cell in cells)
