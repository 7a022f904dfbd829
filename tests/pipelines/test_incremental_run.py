"""`kedro run --runner=auricle.runner.IncrementalRunner` on real pipelines: what runs after which change."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.io import DataCatalog, MemoryDataset, Version
from kedro.io.core import generate_timestamp
from kedro.pipeline import Pipeline
from project_runs import make_project, nested, run_project

import auricle
from auricle.errors import ConfigurationError
from auricle.runner import IncrementalRunner, modules

FOREST = "genre.random_forest"
RECORDINGS = "data/ci/01_raw/demo_genre"
SMALL = {
    "genre.demo.enabled": False,
    "genre.ingest.layout": "folder_per_class",
    "genre.ingest.group_by": "recording",
    "genre.ingest.near_duplicates.enabled": False,
    "genre.ingest.workers": 1,
    "genre.descriptors.tempo": False,
    "genre.random_forest.train.n_estimators": 5,
    "genre.random_forest.train.importance_repeats": 1,
}
ALL = {
    "genre.provide_recordings",
    "genre.inspect_recordings",
    "genre.find_near_duplicates",
    "genre.build_manifest",
    "genre.extract_features",
    f"{FOREST}.fit",
    f"{FOREST}.move_champion",
    f"{FOREST}.predict",
}
Change = Callable[[str, str, str], None]
TRAINING = {f"{FOREST}.{node}" for node in ("fit", "move_champion", "predict")}


def make_recording(folder: Path, number: int) -> Path:
    """Half a second of noise, of one of two labels."""
    file = folder / ("hiss", "rumble")[number % 2] / f"{number}.wav"
    file.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(file, np.random.default_rng(number).normal(0, 0.1, 11025), 22050)
    return file


class Project:
    """A project in which a forest is trained; each run is of the same nodes, up to its predictions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = [make_recording(folder / RECORDINGS, number) for number in range(10)]
        self.first = IncrementalRunner()
        outputs = [f"{FOREST}.predictions"]
        run_project(folder, ["train_rf"], params=SMALL, runner=self.first, to_outputs=outputs)
        with KedroSession.create(folder, env="ci", runtime_params=nested(SMALL)) as session:
            self.catalog: Any = session.load_context().catalog
        self.pipeline = pipelines["train_rf"].to_outputs(*outputs)
        self.saved = 0

    def run(self, **options: Any) -> dict[str, str]:
        """The nodes that ran, and why."""
        # A session saves one version of a bundle; many runs of one catalog need as many.
        self.saved += 1
        bundle = self.catalog[f"{FOREST}.bundle"]
        bundle._version = Version(None, f"{generate_timestamp()}-{self.saved}")
        bundle.release()
        runner = IncrementalRunner(**options)
        runner.run(self.pipeline, self.catalog)
        return runner.ran

    def set(self, name: str, **changed: Any) -> None:
        """Change a parameter."""
        value = self.catalog.load(name).model_copy(update=changed)
        self.catalog[name] = MemoryDataset(value)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Up to date: each test changes something, runs, and leaves it so."""
    project = Project(make_project(tmp_path_factory.mktemp("incremental") / "project"))
    assert set(project.first.ran) == ALL
    assert set(project.first.ran.values()) == {"it has not run to its end before"}
    return project


@pytest.fixture
def source(done: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Change]:
    """Changes a copy of the package's source, which the runner then takes for it."""
    copy = tmp_path / "auricle"
    shutil.copytree(Path(auricle.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))

    def change(file: str, old: str, new: str) -> None:
        text = (copy / file).read_text(encoding="utf-8")
        assert old in text
        (copy / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    with monkeypatch.context() as patched:
        patched.setattr(modules, "SOURCE", copy)
        yield change
    done.run()


@pytest.mark.long
class TestChanges:
    def test_of_nothing_run_nothing_and_each_node_says_so(
        self, done: Project, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("INFO", "auricle.runner")
        assert done.run(explain="true") == {}
        told = [record.message for record in caplog.records if "is skipped" in record.message]
        assert {message.partition(" ")[0] for message in told} == ALL
        assert "0 of 8 nodes had to run" in caplog.text

    def test_of_a_parameter_run_its_readers_and_what_follows_and_a_champion_stays_where_it_was_put(
        self, done: Project
    ) -> None:
        before = done.catalog.load(f"{FOREST}.champion")
        done.set(f"params:{FOREST}.train", n_estimators=6)
        ran = done.run()
        assert set(ran) == TRAINING
        assert ran[f"{FOREST}.fit"] == f"params:{FOREST}.train changed"
        assert ran[f"{FOREST}.move_champion"] == f"{FOREST}.bundle changed"
        done.catalog.save(f"{FOREST}.champion", before)
        assert set(done.run()) == {f"{FOREST}.predict"}
        assert done.catalog.load(f"{FOREST}.champion").version == before.version

    def test_that_makes_no_difference_ends_where_it_makes_none(self, done: Project) -> None:
        """Other parameters, the same manifest and features: whoever reads those need not run."""
        done.set("params:genre.decoding", max_duration_s=1201.0)
        ran = set(done.run())
        assert {"genre.inspect_recordings", "genre.extract_features"} <= ran
        assert not TRAINING & ran

    def test_of_comments_run_nothing_of_a_helper_those_that_reach_it(
        self, done: Project, source: Change
    ) -> None:
        for file in ("training/forest.py", "corpora/manifest.py", "pipelines/ingest/nodes.py"):
            source(file, "def ", "# A remark.\n\n\ndef ")
        source("models/forest.py", "def forest_embeddings(", "UNUSED = 1\n\n\ndef forest_embeddings(")
        assert done.run() == {}
        source("inference/scoring.py", "def score_features(", "def score_features(*_: None, ")
        assert done.run() == {
            f"{FOREST}.predict": "its code has changed (auricle.inference.scoring.score_features)"
        }

    def test_of_a_raw_file_run_what_hears_it(self, done: Project) -> None:
        done.files.append(make_recording(done.folder / RECORDINGS, len(done.files)))
        ran = done.run()
        assert ran["genre.inspect_recordings"] == "genre.recordings changed"
        # There are no near-duplicates to be looked for.
        assert set(ran) >= ALL - {"genre.find_near_duplicates"}

    def test_of_a_files_time_end_at_its_content(self, done: Project) -> None:
        os.utime(done.files[0], (1, 1))
        ran = done.run()
        assert "genre.inspect_recordings" in ran
        assert not TRAINING & set(ran)

    def test_of_an_output_that_is_gone_run_its_maker(self, done: Project) -> None:
        (done.folder / "data/ci/02_intermediate/genre/manifest.parquet").unlink()
        assert done.run() == {"genre.build_manifest": "genre.manifest is gone"}

    def test_of_an_output_by_another_hand_run_its_maker(self, done: Project) -> None:
        done.catalog.save("genre.manifest", done.catalog.load("genre.manifest").assign(meta_hand="another"))
        assert done.run() == {"genre.build_manifest": "genre.manifest is not what it has made"}


@pytest.mark.long
class TestInterruption:
    def test_a_node_that_failed_runs_again_though_its_outputs_are_there(
        self, done: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(done.catalog["genre.manifest"], "save", fail)
            with pytest.raises(Exception, match="no space left"):
                done.run(force=True)
        assert done.run() == {"genre.build_manifest": "it has not run to its end before"}


def fail(*_: Any) -> None:
    raise OSError("no space left")


class TestRefusals:
    def test_missing_outputs_only(self) -> None:
        with pytest.raises(ConfigurationError, match="Leave that option out"):
            IncrementalRunner().run(Pipeline([]), DataCatalog(), only_missing_outputs=True)

    def test_an_option_that_is_neither_true_nor_false(self) -> None:
        with pytest.raises(ValueError, match="bool"):
            IncrementalRunner(explain="perhaps")  # type: ignore[arg-type]
