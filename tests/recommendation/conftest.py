"""One rater for all tests of recommending, and what it makes of a library."""

from pathlib import Path

import pandas as pd
import pytest
from rated_library import library, make_rater

from auricle.models.bundle import BundleRef
from auricle.recommendation.windows import embed_windows


@pytest.fixture(scope="session")
def rater(tmp_path_factory: pytest.TempPathFactory) -> BundleRef:
    return make_rater(tmp_path_factory.mktemp("rater") / "bundle")


@pytest.fixture(scope="session")
def embedded(rater: BundleRef) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A manifest, and the embedded windows of its recordings."""
    manifest, sounds = library()
    return manifest, pd.concat(embed_windows(rater, None, manifest, sounds, device="cpu"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of recordings."""
    (tmp_path / "music").mkdir()
    return tmp_path / "music"
