"""Event files for TensorBoard tell every epoch once, after a kill too; what fails stops no training."""

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tiny_corpus import TRAIN, TinyCorpus

from auricle.training.event_files import EventFiles
from auricle.training.workdir import begun_as


def told(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """What TensorBoard reads in a folder: per name, steps and values."""
    read = EventAccumulator(str(folder)).Reload()
    return {
        name: [(event.step, event.value) for event in read.Scalars(name)] for name in read.Tags()["scalars"]
    }


def state(epochs: int, *, first: bool = True) -> Any:
    """A Trainer's state after so many epochs of ten steps."""
    log: list[dict[str, float]] = []
    for epoch in range(1, epochs + 1):
        where = {"epoch": epoch, "step": 10 * epoch, "seconds": 1}
        log.append(where | {"loss": 1 / epoch, "learning_rate": 0.1})
        log.append(where | {"eval_loss": 2 / epoch, "eval_macro_f1": 0.5})
    return SimpleNamespace(log_history=log, is_world_process_zero=first)


def train(files: EventFiles, begin: int, end: int, *, first: bool = True) -> None:
    """What a Trainer tells its callbacks, up to a kill."""
    nothing: Any = None
    files.on_train_begin(nothing, state(begin, first=first), nothing)
    for epoch in range(begin + 1, end + 1):
        files.on_evaluate(nothing, state(epoch, first=first), nothing)


class TestHistory:
    def test_is_there_while_the_training_goes_on(self, tmp_path: Path) -> None:
        train(EventFiles(tmp_path), 0, 2)
        assert told(tmp_path)["train/loss"] == [(1, 1.0), (2, 0.5)]
        assert told(tmp_path)["validation/macro_f1"] == [(1, 0.5), (2, 0.5)]

    def test_of_a_training_that_goes_on_says_nothing_twice(self, tmp_path: Path) -> None:
        train(EventFiles(tmp_path), 0, 4)  # killed before the fourth epoch was saved
        train(EventFiles(tmp_path), 3, 5)
        train(EventFiles(tmp_path), 5, 6)
        for name, points in told(tmp_path).items():
            assert [step for step, _ in points] == [1, 2, 3, 4, 5, 6], name

    def test_is_whole_where_files_were_asked_for_on_the_way(self, tmp_path: Path) -> None:
        train(EventFiles(tmp_path), 3, 4)
        assert [step for step, _ in told(tmp_path)["train/loss"]] == [1, 2, 3, 4]

    def test_is_written_by_one_of_several_processes(self, tmp_path: Path) -> None:
        train(EventFiles(tmp_path / "events"), 0, 2, first=False)
        assert not (tmp_path / "events").exists()


class TestFailure:
    def test_is_a_warning(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        (tmp_path / "file").write_text("")
        with caplog.at_level(logging.WARNING):
            train(EventFiles(tmp_path / "file/events"), 0, 3)
        (warning,) = caplog.records
        assert "The training goes on" in warning.getMessage()


class TestName:
    def test_is_kept_by_a_work_directory(self, tmp_path: Path) -> None:
        (tmp_path / "abc").mkdir()
        name = begun_as(tmp_path / "abc")
        assert name.endswith("-abc")
        assert begun_as(tmp_path / "abc") == name


class TestTraining:
    def test_of_each_fold_has_a_folder(self, folded: TinyCorpus, workdir: Path, tmp_path: Path) -> None:
        draft = folded.fit(workdir, TRAIN.model_copy(update={"epochs": 2}), events=tmp_path / "events")
        (run,) = (tmp_path / "events").iterdir()
        assert draft.workdir is not None
        assert run.name.endswith(draft.workdir.name)
        assert sorted(part.name for part in run.iterdir()) == ["final", "fold-0", "fold-1", "fold-2"]
        assert all([step for step, _ in told(part)["train/loss"]] == [1, 2] for part in run.iterdir())

    @pytest.mark.long
    def test_in_several_processes_is_told_by_one(
        self, corpus: TinyCorpus, workdir: Path, tmp_path: Path
    ) -> None:
        params = TRAIN.model_copy(update={"epochs": 2, "processes": 2})
        corpus.fit(workdir, params, events=tmp_path / "events")
        (file,) = tmp_path.rglob("events.*")
        assert [step for step, _ in told(file.parent)["train/loss"]] == [1, 2]
