"""`kedro run --pipelines=predict`: what it leaves, what it does not do twice, and what a kill costs."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import soundfile as sf
import torch

from auricle.audio.frontend import FrontEndParams, LogMelFrontEnd
from auricle.audio.synthesis.seeds import named_generator
from auricle.models.bundle import BundleRef, seal
from auricle.models.champion import write_champion
from auricle.models.params import CnnParams
from auricle.models.registry import build_model

Run = Callable[..., dict[str, Any]]
RATE = 8_000


def make_champion(project: Path, seed: int) -> BundleRef:
    """A CNN that has learned nothing, as the champion of `genre.cnn`."""
    torch.manual_seed(seed)
    folder = project / "data/ci/06_models/genre/cnn"
    path = folder / f"bundle/v{seed}/bundle"
    front_end = LogMelFrontEnd(FrontEndParams(sample_rate=RATE, n_fft=512, hop_length=160, n_mels=32))
    params = CnnParams(channels=(4, 8), hidden_size=16, embedding_size=8)
    config = params.config(
        n_bands=32, vocabulary=("blues", "rock"), window_frames=front_end.frames(1.0), hop_frames=25
    )
    build_model(config).eval().save_pretrained(path)
    front_end.save_pretrained(path)
    (path / "training.json").write_text("{}")
    bundle = seal(path)
    write_champion(folder / "champion.json", bundle, moved_by="a test")
    return bundle


def record(folder: Path, count: int) -> None:
    folder.mkdir(exist_ok=True)
    for number in range(count):
        noise = named_generator(number, "noise").normal(scale=0.1, size=RATE)
        sf.write(folder / f"{number:03}.wav", noise, RATE)


@pytest.fixture
def music(project: Path) -> Path:
    make_champion(project, 1)
    record(project / "music", 3)
    (project / "music/empty.mp3").write_bytes(b"")
    return project / "music"


def asked(music: Path, **params: Any) -> dict[str, Any]:
    return {"predict.input": str(music), "predict.model": "genre.cnn", "predict.workers": 1} | params


def outputs_of(project: Path) -> Path:
    (folder,) = (project / "data/ci/07_model_output/predict/genre.cnn").iterdir()
    return folder


class TestRun:
    def test_leaves_its_results_in_each_form(self, project: Path, music: Path, run: Run) -> None:
        run(project, ["predict"], params=asked(music))
        folder = outputs_of(project)
        table = pd.read_parquet(folder / "predictions.parquet")
        assert [Path(path).name for path in table["path"]] == ["000.wav", "001.wav", "002.wav", "empty.mp3"]
        assert table["reason"].ne("").tolist() == [False, False, False, True]
        assert pd.read_csv(folder / "predictions.csv")["label"].isna().sum() == 1
        lines = [json.loads(line) for line in (folder / "predictions.jsonl").read_text().splitlines()]
        assert [line["label"] for line in lines[:3]] == table["label"].tolist()[:3]
        listed = [
            (folder / "playlists" / line).resolve()
            for file in (folder / "playlists").glob("*.m3u8")
            for line in file.read_text().splitlines()
            if not line.startswith("#")
        ]
        assert sorted(listed) == sorted((music / f"{number:03}.wav").resolve() for number in range(3))
        assert json.loads((folder / "summary.json").read_text())["failed"] == 1

    def test_does_only_what_is_new(
        self, project: Path, music: Path, run: Run, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("INFO", logger="auricle")
        run(project, ["predict"], params=asked(music))
        run(project, ["predict"], params=asked(music))
        assert "4 files: 4 known and unchanged, 0 to be looked at" in caplog.messages
        (music / "001.wav").touch()
        record(music, 5)
        caplog.clear()
        run(project, ["predict"], params=asked(music))
        assert "2 predicted, 0 failed, 3 known by their content" in caplog.messages

    def test_begins_anew_with_another_champion(self, project: Path, music: Path, run: Run) -> None:
        run(project, ["predict"], params=asked(music))
        before = pd.read_parquet(outputs_of(project) / "predictions.parquet")
        other = make_champion(project, 2)
        run(project, ["predict"], params=asked(music))
        after = pd.read_parquet(outputs_of(project) / "predictions.parquet")
        assert set(after["version"]) == {other.version} != set(before["version"])
        assert after["probability_rock"].ne(before["probability_rock"])[:3].all()

    def test_with_a_damaged_bundle_is_refused_and_earlier_results_stay(
        self, project: Path, music: Path, run: Run
    ) -> None:
        run(project, ["predict"], params=asked(music))
        results = outputs_of(project) / "predictions.parquet"
        before = results.read_bytes()
        weights = next((project / "data/ci/06_models").rglob("model.safetensors"))
        weights.write_bytes(weights.read_bytes()[:-1])
        with pytest.raises(Exception, match="damaged"):
            run(project, ["predict"], params=asked(music))
        assert results.read_bytes() == before

    def test_is_refused_before_any_node_where_it_cannot_work(
        self, project: Path, music: Path, run: Run
    ) -> None:
        (project / "empty").mkdir()
        for params, message in (
            ({"predict.model": "genre.resnet"}, "is not trained.*train_resnet"),
            ({"predict.input": str(project / "empty")}, "no audio file"),
            ({"predict.input": str(project / "nowhere")}, "there is no"),
            ({"predict.windows.hop_seconds": 60}, "never be heard"),
            ({"predict.windos.hop_seconds": 1}, "windos"),
        ):
            with pytest.raises(Exception, match=message):
                run(project, ["predict"], params=asked(music) | params)
        assert not (project / "data/ci/07_model_output/predict").exists()


SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from project_runs import run_project
run_project(
    Path(sys.argv[1]),
    ["predict"],
    params={
        "predict.input": sys.argv[2],
        "predict.model": "genre.cnn",
        "predict.workers": 1,
        "predict.chunk_size": 4,
    },
)
"""


@pytest.mark.long
def test_a_run_that_was_killed_goes_on(
    project: Path, music: Path, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    count = 400
    record(music, count)
    command = [sys.executable, "-c", SCRIPT, str(project), str(music), str(Path(__file__).parent)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    shards = project / "data/ci/07_model_output/predict"
    while process.poll() is None and len(list(shards.rglob("part-*.parquet"))) < 3:
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not list(shards.rglob("predictions.parquet"))
    done = sum(len(pd.read_parquet(shard)) for shard in shards.rglob("part-*.parquet"))
    assert 12 <= done < count
    caplog.set_level("INFO", logger="auricle")
    run(project, ["predict"], params=asked(music))
    assert (
        f"{count + 1} files: {done} known and unchanged, {count + 1 - done} to be looked at"
        in caplog.messages
    )
    assert len(pd.read_parquet(outputs_of(project) / "predictions.parquet")) == count + 1
