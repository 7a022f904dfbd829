"""Fixtures that every part's tests share."""

import os
from pathlib import Path

import pytest


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
