"""A bundle copied to a machine with nothing but Auricle: what `pip install auricle` brings predicts."""

import re
import shutil
import tomllib
from pathlib import Path

import pytest
from ensemble_models import Models

import auricle
from auricle.models.bundle import BundleRef
from fresh_environment import ROOT, Environment

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
