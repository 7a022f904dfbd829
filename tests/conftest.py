"""Fixtures that every part's tests share."""

import gc
import importlib.util
import os
import sys
import tempfile
from pathlib import Path

import pytest
import yaml

# librosa compiles with numba, which keeps what it has compiled on disk. Where several test processes wrote to
# one place, one of them was seen to crash in it: each has its own, named before anything imports numba.
if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    own_cache = Path(tempfile.gettempdir()) / f"auricle-numba-{os.getuid()}-{worker}"
    os.environ["NUMBA_CACHE_DIR"] = str(own_cache)

# Hundreds of sessions of Kedro, each of which reads twenty YAML files with a parser in Python, and looks for
# ibis on the disk with every parameter: more than a third of its time.
yaml.SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
if importlib.util.find_spec("ibis") is None:
    sys.modules["ibis"] = None  # type: ignore[assignment]  # Python's way to say that it cannot be imported


@pytest.fixture(scope="module", autouse=True)
def frozen() -> None:
    """Let collections of garbage, one of which each training asks for, pass by what is imported already."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real recordings that AURICLE_REAL_DATA points to; skips where it is not set."""
    folder = os.environ.get("AURICLE_REAL_DATA")
    if not folder:
        pytest.skip("AURICLE_REAL_DATA is not set: no real recordings to run on")
    path = Path(folder)
    if not path.is_dir():
        pytest.fail(f"AURICLE_REAL_DATA points to {path}, which is not a folder")
    return path
