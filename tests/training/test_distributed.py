"""Two processes, one training: every crop in one of them, one bundle, one process that calls."""

import logging
import os
from pathlib import Path

import pytest
from accelerate.data_loader import BatchSamplerShard
from telling_store import FOLDER, TellingCorpus
from tiny_corpus import TRAIN, TinyCorpus
from torch.utils.data import BatchSampler

from auricle.errors import AuricleError
from auricle.models.bundle import open_bundle
from auricle.models.registry import load_deep
from auricle.training.params import TrainParams
from auricle.training.sampling import EpochSampler

TWO = TRAIN.model_copy(update={"epochs": 2, "batch_size": 8, "processes": 2})


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def test_each_step_of_two_processes_is_a_batch_of_one() -> None:
    shards = [
        BatchSamplerShard(BatchSampler(EpochSampler(32, seed=3), 4, drop_last=False), 2, index)
        for index in (0, 1)
    ]
    alone = list(BatchSampler(EpochSampler(32, seed=3), 8, drop_last=False))
    assert [[*first, *second] for first, second in zip(*shards, strict=True)] == alone
    assert sorted(key for batch in alone for key in batch) == [(0, index) for index in range(32)]


@pytest.mark.long
class TestTwoProcesses:
    def test_draw_together_what_one_draws_alone_step_by_step(
        self, corpus: TinyCorpus, workdir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        telling = TellingCorpus(corpus.folder, corpus.manifest)
        monkeypatch.setenv(FOLDER, str(tmp_path))
        telling.fit(workdir / "two", TWO)
        telling.fit(workdir / "one", TWO.model_copy(update={"processes": 1}))
        first, second, alone = (telling.drawn(tmp_path, process) for process in ("0", "1", "alone"))
        share = TWO.batch_size // 2
        together = [
            crop
            for start in range(0, len(first), share)
            for crop in (*first[start : start + share], *second[start : start + share])
        ]
        assert together == alone
        assert len(alone) == TWO.epochs * TWO.crops_per_recording * 12

    def test_make_one_bundle_in_as_many_steps_as_one_process_and_go_on_after_a_kill(
        self,
        corpus: TinyCorpus,
        workdir: Path,
        caplog: pytest.LogCaptureFixture,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        from auricle.training import deep

        with monkeypatch.context() as patch:
            patch.setattr(deep, "stage_bundle", lambda *args, **kwargs: exec("raise SystemExit"))
            with pytest.raises(SystemExit):
                corpus.fit(workdir / "two", TWO)
        _newest(workdir).joinpath("complete.json").unlink()
        with caplog.at_level(logging.INFO):
            both = open_bundle(corpus.fit(workdir / "two", TWO).path)
        assert "goes on from checkpoint-" in caplog.text
        one = open_bundle(corpus.fit(workdir / "one", TWO.model_copy(update={"processes": 1})).path)
        assert _newest(workdir / "two").name == _newest(workdir / "one").name
        assert [entry["epoch"] for entry in both.training["history"]] == [1.0, 2.0]
        for first, second in zip(both.training["history"], one.training["history"], strict=True):
            assert first["loss"] == pytest.approx(second["loss"], rel=0.25)
        assert load_deep(both).num_parameters() == load_deep(one).num_parameters()
        assert len(list((workdir / "two").glob("*/bundle"))) == 1
        assert os.environ.get("RANK") is None

    def test_say_why_they_failed(self, corpus: TinyCorpus, workdir: Path) -> None:
        wild = TWO.model_copy(update={"learning_rate": 1e30, "max_grad_norm": 0.0, "epochs": 3})
        with pytest.raises(AuricleError, match=r"process \d of 2 failed.*diverged"):
            corpus.fit(workdir, wild)


@pytest.mark.parametrize(("batch", "processes"), [(8, 3), (4, 4)])
def test_a_batch_that_cannot_be_shared_is_refused(batch: int, processes: int) -> None:
    with pytest.raises(ValueError, match=f"shared by {processes} processes"):
        TrainParams(batch_size=batch, processes=processes)


def _newest(folder: Path) -> Path:
    return max(folder.rglob("checkpoint-*"), key=lambda path: int(path.name.split("-")[1]))
