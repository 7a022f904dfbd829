"""The fixture that the tests of evaluation share."""

from collections.abc import Callable

import pytest
from scored_samples import Study, make_study


@pytest.fixture
def study() -> Callable[..., Study]:
    """Makes a study: `study(protocol="grouped_k_fold", groups=80)`."""
    return make_study
