"""A training killed by SIGKILL at any moment goes on to the very weights of one that was never killed."""

import json
import multiprocessing
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from mortal_training import Moment, train
from sounding_corpus import SoundingCorpus
from tiny_corpus import TRAIN, TinyCorpus
from waveform_corpus import WaveformCorpus

from auricle.training.params import TrainParams

pytestmark = pytest.mark.slow

# 24 crops in batches of 4: six steps an epoch, saved after each epoch and within it after steps 4, 8, ...
PARAMS = TRAIN.model_copy(update={"epochs": 4, "save_every_steps": 4})
STOPPING = TRAIN.model_copy(
    update={"epochs": 20, "early_stopping_patience": 2, "plateau_patience": 1, "best_metric": "accuracy"}
)
STEPS = 24
RESULTS = ("history", "best_epoch", "folds")


@dataclass(frozen=True)
class Life:
    """How a process ended, and how many steps it trained."""

    exit_code: int | None
    steps: int


@pytest.fixture(autouse=True, scope="module")
def _importable() -> Iterator[None]:
    """The server that forks processes takes its module path from the environment only; one thread each."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=os.pathsep)
        environment.setenv("OMP_NUM_THREADS", "1")
        yield


def live(
    corpus: TinyCorpus | WaveformCorpus, workdir: Path, params: TrainParams, moment: Moment | None = None
) -> Life:
    """Train in a process of its own, forked from one that has done the slow imports."""
    context: Any = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["mortal_training"])
    steps = context.Value("i", 0)
    process = context.Process(target=train, args=(corpus, workdir, params, moment, steps))
    process.start()
    process.join()
    return Life(process.exitcode, steps.value)


def result(workdir: Path) -> dict[str, Any]:
    """What must not depend on a kill: weights, configuration, history, predictions."""
    (bundle,) = workdir.glob("*/bundle")
    training = json.loads((bundle / "training.json").read_text())
    for run in [training, *training["folds"]]:
        for epoch in run["history"]:
            assert epoch.pop("seconds") > 0
    files = {file.name: file.read_bytes() for file in bundle.iterdir()}
    names = files.keys() - {"training.json", "checksums.json"}
    return {name: files[name] for name in names} | {key: training[key] for key in RESULTS}


@pytest.fixture(scope="module")
def uninterrupted(corpus: TinyCorpus, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    workdir = tmp_path_factory.mktemp("uninterrupted")
    assert live(corpus, workdir, PARAMS) == Life(0, STEPS)
    return result(workdir)


class TestKilledTraining:
    @pytest.mark.parametrize(
        ("moment", "steps_left"),
        [
            pytest.param(("step", 3), STEPS, id="before the first checkpoint"),
            pytest.param(
                ("step", 6), STEPS - 4, id="in the middle of the first epoch", marks=pytest.mark.long
            ),
            pytest.param(("step", 13), STEPS - 12, id="at the start of an epoch", marks=pytest.mark.long),
            pytest.param(
                ("step", 15), STEPS - 12, id="in the middle of a later epoch", marks=pytest.mark.long
            ),
            pytest.param(("evaluation", 2), STEPS - 8, id="in the evaluation", marks=pytest.mark.long),
            pytest.param(("torch.save", 6), STEPS - 4, id="while a checkpoint's optimizer is half written"),
            pytest.param(("marking", 2), STEPS - 4, id="when a checkpoint is whole but for its marker"),
            pytest.param(("rotation", 1), STEPS - 8, id="while an old checkpoint is half deleted"),
            pytest.param(("stop", 8), 0, id="after the last checkpoint"),
            pytest.param(("sealing", 1), 0, id="while the bundle is staged"),
        ],
    )
    def test_goes_on_to_bit_identical_weights(
        self,
        corpus: TinyCorpus,
        workdir: Path,
        uninterrupted: dict[str, Any],
        moment: Moment,
        steps_left: int,
    ) -> None:
        assert live(corpus, workdir, PARAMS, moment).exit_code == -signal.SIGKILL

        assert live(corpus, workdir, PARAMS) == Life(0, steps_left)
        assert result(workdir) == uninterrupted

    def test_survives_being_killed_again_and_again(
        self, corpus: TinyCorpus, workdir: Path, uninterrupted: dict[str, Any]
    ) -> None:
        for moment in (("step", 10), ("marking", 2), ("step", 2), ("torch.save", 7)):
            assert live(corpus, workdir, PARAMS, moment).exit_code == -signal.SIGKILL

        assert live(corpus, workdir, PARAMS).exit_code == 0
        assert result(workdir) == uninterrupted

    @pytest.mark.long  # each epoch starts a process anew
    def test_goes_on_with_worker_processes(
        self, corpus: TinyCorpus, workdir: Path, uninterrupted: dict[str, Any]
    ) -> None:
        params = PARAMS.model_copy(update={"num_workers": 1})
        assert live(corpus, workdir, params, ("step", 15)).exit_code == -signal.SIGKILL

        assert live(corpus, workdir, params) == Life(0, STEPS - 12)
        assert result(workdir) == uninterrupted

    def test_is_not_trained_further_once_it_stopped_early(self, corpus: TinyCorpus, workdir: Path) -> None:
        assert live(corpus, workdir / "never killed", STOPPING).exit_code == 0
        epochs = len(result(workdir / "never killed")["history"])
        assert epochs < STOPPING.epochs

        killed = live(corpus, workdir / "killed", STOPPING, ("stop", epochs))
        assert killed.exit_code == -signal.SIGKILL
        assert live(corpus, workdir / "killed", STOPPING) == Life(0, 0)
        assert result(workdir / "killed") == result(workdir / "never killed")

    def test_resumes_when_a_finished_checkpoint_was_torn_later(
        self, corpus: TinyCorpus, workdir: Path, uninterrupted: dict[str, Any]
    ) -> None:
        live(corpus, workdir, PARAMS, ("step", 15))
        (newest,) = workdir.glob("*/final/checkpoint-12")
        weights = newest / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:-100])

        assert live(corpus, workdir, PARAMS) == Life(0, STEPS - 8)
        assert result(workdir) == uninterrupted


@pytest.mark.long
class TestKilledTrainingOnTheFly:
    """What is altered while training is altered again as it was, in this process or in workers."""

    def test_goes_on_to_bit_identical_weights(self, sounding: SoundingCorpus, workdir: Path) -> None:
        assert live(sounding, workdir / "never killed", PARAMS) == Life(0, STEPS)
        with_worker = PARAMS.model_copy(update={"num_workers": 1})
        killed = live(sounding, workdir / "killed", with_worker, ("step", 15))
        assert killed.exit_code == -signal.SIGKILL

        assert live(sounding, workdir / "killed", with_worker) == Life(0, STEPS - 12)
        assert result(workdir / "killed") == result(workdir / "never killed")


@pytest.mark.long
class TestKilledTrainingOnWaveforms:
    """Masks, dropout and batches by length are what they would have been, in this process or in workers."""

    def test_goes_on_to_bit_identical_weights(self, spoken: WaveformCorpus, workdir: Path) -> None:
        params = PARAMS.model_copy(update={"batches_by_length": True})
        assert live(spoken, workdir / "never killed", params) == Life(0, STEPS)
        with_worker = params.model_copy(update={"num_workers": 1})
        for moment in (("step", 15), ("marking", 1)):
            killed = live(spoken, workdir / "killed", with_worker, moment)
            assert killed.exit_code == -signal.SIGKILL

        assert live(spoken, workdir / "killed", params).exit_code == 0
        assert result(workdir / "killed") == result(workdir / "never killed")


@pytest.fixture(scope="module")
def uninterrupted_folds(folded: TinyCorpus, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    workdir = tmp_path_factory.mktemp("uninterrupted-folds")
    assert live(folded, workdir, TRAIN) == Life(0, 60)
    return result(workdir)


class TestKilledFolds:
    """Three folds of three steps an epoch, then the final model."""

    @pytest.mark.parametrize(
        ("moment", "steps_left"),
        [
            pytest.param(("step", 20), 60 - 18, id="in the second fold"),
            pytest.param(("keeping a fold", 1), 60 - 12, id="while the first fold is kept"),
            pytest.param(("step", 40), 60 - 36, id="in the final model", marks=pytest.mark.long),
        ],
    )
    def test_goes_on_at_the_fold_it_was_at(
        self,
        folded: TinyCorpus,
        workdir: Path,
        uninterrupted_folds: dict[str, Any],
        moment: Moment,
        steps_left: int,
    ) -> None:
        assert live(folded, workdir, TRAIN, moment).exit_code == -signal.SIGKILL

        assert live(folded, workdir, TRAIN) == Life(0, steps_left)
        assert result(workdir) == uninterrupted_folds
