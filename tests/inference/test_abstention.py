"""A model that is asked to abstain says that it is uncertain, and what it would have said."""

from typing import Any

import numpy as np
import pytest

from auricle.corpora.labels import MULTI
from auricle.errors import ConfigurationError
from auricle.inference.abstention import check_abstention
from auricle.inference.prediction import Prediction

VOCABULARY = ("bad-attack", "bad-pitch", "good")
CONFIG: dict[str, Any] = {
    "calibration_temperature": 2.0,
    "parents": {"bad-attack": "bad", "bad-pitch": "bad"},
}
# Calibrated at temperature 2, 0.64 becomes sqrt(0.64) / (sqrt(0.64) + sqrt(0.32) + sqrt(0.04)) = 0.511.
WINDOWS = ([0.54, 0.42, 0.04], [0.74, 0.22, 0.04])
CALIBRATED = 0.8 / (0.8 + 0.32**0.5 + 0.2)


def predicted(config: dict[str, Any], abstain_below: float | None) -> Prediction:
    return Prediction.of_windows(
        VOCABULARY,
        [(0.0, 1.0), (1.0, 2.0)],
        np.array(WINDOWS, dtype=np.float32),
        np.zeros(2, dtype=np.float32),
        path="note.wav",
        config=config,
        abstain_below=abstain_below,
    )


class TestUncertain:
    def test_where_the_calibrated_probability_is_below(self) -> None:
        # The probability as it is, 0.64, is above: only calibration makes it uncertain.
        said = predicted(CONFIG, 0.6)
        assert said.uncertain
        assert said.answer == "uncertain"
        assert said.label == "bad-attack"
        assert said.confidence == pytest.approx(0.64)
        assert said.calibrated_confidence == pytest.approx(CALIBRATED, abs=1e-6)
        assert said.predicted_genres == said.label_paths == {}
        assert repr(said) == (
            "<Prediction note.wav: uncertain, at best bad-attack 0.64, bad-pitch 0.32, good 0.04; 2 windows>"
        )

    @pytest.mark.parametrize("below", [None, 0.5, 0.51])
    def test_not_where_it_is_sure_enough_or_never_abstains(self, below: float | None) -> None:
        said = predicted(CONFIG, below)
        assert not said.uncertain
        assert said.answer == said.label == "bad-attack"
        assert said.label_paths == {"bad-attack": "bad › bad-attack"}

    def test_goes_into_json(self) -> None:
        content = predicted(CONFIG, 0.6).to_dict()
        assert content["uncertain"] is True
        assert content["label"] == "bad-attack"
        assert content["calibrated_confidence"] == pytest.approx(CALIBRATED, abs=1e-6)

    def test_a_bundle_without_a_temperature_tells_no_calibrated_confidence(self) -> None:
        assert predicted({}, None).calibrated_confidence is None


class TestRefusals:
    @pytest.mark.parametrize("below", [0.0, -0.1, 1.1, float("nan")])
    def test_what_is_no_probability(self, below: float) -> None:
        with pytest.raises(ConfigurationError, match="above 0 and at most 1"):
            check_abstention(CONFIG, below)

    def test_several_labels(self) -> None:
        with pytest.raises(ConfigurationError, match="one class a recording"):
            check_abstention(CONFIG | {"problem_type": MULTI}, 0.5)

    def test_a_bundle_that_keeps_no_temperature(self) -> None:
        with pytest.raises(ConfigurationError, match="keeps no temperature"):
            check_abstention({}, 0.5)

    def test_nothing_is_refused_where_it_never_abstains(self) -> None:
        check_abstention({"problem_type": MULTI}, None)
