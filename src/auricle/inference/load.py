"""Finds a model by its name in the project around the current folder, or by its path."""

import re
import tomllib
from pathlib import Path

from auricle.errors import BundleError, ConfigurationError
from auricle.inference.backend import Backend
from auricle.inference.classifier import AudioClassifier
from auricle.models.bundle import CONFIG, BundleRef, open_bundle
from auricle.models.champion import CHAMPION, read_champion
from auricle.studies import STUDIES, TRAINED_BY
from auricle.training.params import DeviceName

MODELS = Path("06_models")
NAME = re.compile(r"(?P<study>\w+)\.(?P<model>\w+)")


def load(
    name_or_path: str | Path,
    *,
    run_root: str | Path | None = None,
    device: DeviceName = "auto",
    abstain_below: float | None = None,
    cache_size: int = 1024,
    backend: Backend = "auto",
) -> AudioClassifier:
    """Load a classifier; see `auricle.load`."""
    bundle = find_bundle(name_or_path, run_root=run_root)
    return AudioClassifier(
        bundle, device=device, abstain_below=abstain_below, cache_size=cache_size, backend=backend
    )


def find_bundle(name_or_path: str | Path, *, run_root: str | Path | None = None) -> BundleRef:
    """The verified bundle that a name or a path stands for.

    A path may be a bundle, a `champion.json`, or the folder of one. What looks like a name and exists as a
    path is taken as the path.

    Raises:
        ConfigurationError: for an unknown or untrained name, or a name outside a project.
        BundleError: for a path without a bundle, or a bundle that is damaged.
    """
    path = Path(name_or_path)
    name = NAME.fullmatch(str(name_or_path))
    if path.exists() or name is None:
        return _at_path(path)
    return _named(name["study"], name["model"], Path(run_root) if run_root else project_root() / "data")


def project_root() -> Path:
    """The folder, here or above, whose `pyproject.toml` says that it is an Auricle project.

    Raises:
        ConfigurationError: where there is none.
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        file = folder / "pyproject.toml"
        if file.is_file() and _is_project(file):
            return folder
    raise ConfigurationError(
        f"{here} is not inside an Auricle project, so a model cannot be found by its name. Change into the "
        "project, name its data folder with run_root=, or give the path of a bundle."
    )


def _is_project(pyproject: Path) -> bool:
    try:
        content = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return False  # a broken file of another project above this one is not ours to report
    kedro = content.get("tool", {}).get("kedro", {})
    return isinstance(kedro, dict) and kedro.get("package_name") == "auricle"


def _at_path(path: Path) -> BundleRef:
    if not path.exists():
        raise BundleError(
            f"There is no bundle at {path}: the path does not exist. Give the folder of a bundle, or a name "
            "such as 'genre.cnn'."
        )
    if path.name == CHAMPION:
        return read_champion(path)
    if (path / CHAMPION).is_file():
        return read_champion(path / CHAMPION)
    if not (path / CONFIG).is_file():
        raise BundleError(
            f"There is no bundle at {path}: it has no {CONFIG}. Give the folder that holds {CONFIG} and the "
            "weights."
        )
    return open_bundle(path)


def _named(study: str, model: str, run_root: Path) -> BundleRef:
    if study not in STUDIES:
        raise ConfigurationError(f"There is no study {study!r}. Studies: {', '.join(STUDIES)}.")
    if model not in STUDIES[study]:
        raise ConfigurationError(
            f"The study {study!r} has no model {model!r}. Its models: {', '.join(STUDIES[study])}."
        )
    pointer = run_root / MODELS / study / model / CHAMPION
    if not pointer.is_file():
        raise ConfigurationError(
            f"{study}.{model} is not trained: there is no {pointer}. Trained there: "
            f"{', '.join(trained_models(run_root)) or 'nothing'}. Train it with "
            f"`kedro run --pipelines={TRAINED_BY[model]} --namespaces={study}`."
        )
    return read_champion(pointer)


def trained_models(run_root: Path) -> list[str]:
    """Names of the models that have a champion below a run root, sorted."""
    return sorted(
        f"{pointer.parent.parent.name}.{pointer.parent.name}"
        for pointer in (run_root / MODELS).glob(f"*/*/{CHAMPION}")
    )
