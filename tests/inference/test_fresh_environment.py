"""A bundle copied to a machine with nothing but Auricle: what `pip install auricle` brings predicts."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from ensemble_models import Models

import auricle
from auricle.models.bundle import BundleRef

ROOT = Path(__file__).parents[2]
NO_NETWORK = re.compile(
    r"error sending request|dns error|failed to fetch|network is unreachable|"
    r"connect(ion)? (error|refused)|timed? ?out",
    re.IGNORECASE,
)

PREDICT = """
import importlib.util, sys
import auricle

extras = ("kedro", "accelerate", "pandera", "matplotlib")
print([name for name in extras if importlib.util.find_spec(name)])
print(auricle.__file__)
for bundle in sys.argv[2:]:
    model = auricle.load(bundle, device="cpu")
    prediction = model.predict(sys.argv[1])
    print(bundle, prediction.label, sorted(prediction.opinions))
try:
    auricle.fit([sys.argv[1]], ["low"], out="never")
except auricle.errors.AuricleError as error:
    print(error)
"""
TRAIN = """
import sys
from pathlib import Path
import auricle

files = sorted(Path(sys.argv[1]).glob("*.wav"))
model = auricle.fit(
    files, [file.stem.partition("-")[0] for file in files], model="cnn", out="trained",
    epochs=1, channels=[4], window_seconds=0.5, workers=1, device="cpu",
)
print(model.figures.loc[("test", "accuracy"), "value"] >= 0, "kedro" in sys.modules)
import kedro
"""


def requirements(text: str) -> set[str]:
    """The names in lines such as `torch==2.11.0 ; python_version < "3.14"`."""
    return {name.lower().replace("_", "-") for name in re.findall(r"^([A-Za-z0-9_.-]+)", text, re.MULTILINE)}


def test_the_lock_holds_all_that_any_extra_needs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(name for extra in project["optional-dependencies"].values() for name in extra),
    ]
    locked = requirements((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    assert requirements("\n".join(wanted)) - locked == set()


class Environment:
    """A fresh virtual environment, with the packages that the lock pins."""

    def __init__(self, folder: Path) -> None:
        beside = Path(sys.executable).parent / "uv"
        found = str(beside) if beside.is_file() else shutil.which("uv")
        if found is None:
            pytest.skip("uv is not installed: nothing makes a fresh environment here")
        self.uv, self.folder = found, folder
        # A copy, since building writes beside the sources.
        self.project = folder / "project"
        shutil.copytree(
            ROOT / "src", self.project / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
        )
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(ROOT / name, self.project / name)
        lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
        pins = [line.rstrip(" \\") for line in lock.splitlines() if re.match(r"[A-Za-z0-9]", line)]
        self.pins = folder / "pins.txt"
        self.pins.write_text("\n".join(pins) + "\n", encoding="utf-8")
        self.python = folder / "venv/bin/python"
        self._run([self.uv, "venv", "--quiet", "--python", sys.executable, str(folder / "venv")])

    def install(self, extra: str = "") -> None:
        """Install the project with its base dependencies, and those of an extra."""
        result = subprocess.run(
            [
                *(self.uv, "pip", "install", "--quiet", "--python", str(self.python)),
                *("--constraint", str(self.pins), f"{self.project}{extra}"),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode and NO_NETWORK.search(result.stderr):
            pytest.skip(f"no package can be had here: {result.stderr.strip().splitlines()[-1]}")
        assert result.returncode == 0, result.stderr

    def python_says(self, code: str, *arguments: object) -> str:
        return self._run([str(self.python), "-c", code, *map(str, arguments)])

    def _run(self, command: list[str]) -> str:
        hidden = ("PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME")
        environment = {name: value for name, value in os.environ.items() if name not in hidden}
        result = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=self.folder, env=environment
        )
        assert result.returncode == 0, result.stderr
        return result.stdout


@pytest.mark.long
def test_copied_bundles_predict_with_the_base_dependencies_and_the_extra_trains(
    tmp_path: Path, models: Models, cnn_bundle: BundleRef, forest_bundle: BundleRef, recordings: Path
) -> None:
    fresh = Environment(tmp_path / "elsewhere")
    fresh.install()
    there = fresh.folder / "bundles"
    for name, path in {
        "cnn": cnn_bundle.path,
        "forest": forest_bundle.path,
        "ensemble": models.ensemble,
    }.items():
        auricle.pack(path, there / name)
    shutil.rmtree(models.folder)
    song = shutil.copy(recordings / "1.flac", fresh.folder / "song.flac")
    said = fresh.python_says(PREDICT, song, *(there / name for name in ("cnn", "forest", "ensemble")))
    extras, file, *labels, refusal = said.splitlines()
    assert extras == "[]"
    assert file.startswith(str(fresh.folder / "venv"))
    assert all(line.split()[1] in ("high", "low") for line in labels) and len(labels) == 3
    assert labels[2].endswith("['cnn', 'random_forest']")
    assert "auricle.fit needs accelerate" in refusal and "'pipelines'" in refusal

    fresh.install("[pipelines]")
    import numpy as np
    import soundfile as sf

    for number in range(12):
        samples = 0.3 * np.sin(2 * np.pi * (300 + 1200 * (number % 2)) * np.arange(22_050) / 22_050 + number)
        sf.write(fresh.folder / f"{('low', 'high')[number % 2]}-{number}.wav", samples, 22_050)
    trained = fresh.python_says(TRAIN, fresh.folder)
    assert trained.splitlines()[-1] == "True False"
    assert auricle.load(fresh.folder / "trained", device="cpu").labels == ("high", "low")
