"""What a prediction says of several labels: those above their thresholds, with their way from the top."""

from typing import Any

import numpy as np

from auricle.corpora.labels import MULTI
from auricle.inference.prediction import Prediction

VOCABULARY = ("hardcore", "jazz", "punk", "rock")
CONFIG = {
    "problem_type": MULTI,
    "parents": {"hardcore": "punk", "punk": "rock"},
    "thresholds": [0.3, 0.9, 0.5, 0.5],
}


def prediction(config: dict[str, Any] | None, *rows: list[float]) -> Prediction:
    windows = np.array(rows, dtype=np.float32)
    spans = [(float(i), i + 1.0) for i in range(len(rows))]
    return Prediction.of_windows(
        VOCABULARY, spans, windows, np.zeros(2, dtype=np.float32), path="song.mp3", config=config
    )


class TestSeveralLabels:
    def test_says_what_reaches_its_own_threshold_the_surest_first(self) -> None:
        said = prediction(CONFIG, [0.2, 0.8, 0.7, 0.9], [0.6, 0.8, 0.7, 0.7])
        assert list(said.predicted_genres) == ["rock", "punk", "hardcore"]
        assert abs(said.predicted_genres["hardcore"] - 0.4) < 1e-6

    def test_tells_the_way_from_the_top(self) -> None:
        assert prediction(CONFIG, [0.9, 0, 0.9, 0.9]).label_paths["hardcore"] == "rock › punk › hardcore"

    def test_may_say_nothing(self) -> None:
        said = prediction(CONFIG, [0.1, 0.2, 0.1, 0.1])
        assert said.predicted_genres == {}
        assert said.label == "jazz"
        assert "no label" in repr(said)

    def test_goes_into_json_with_the_top_five(self) -> None:
        content = prediction(CONFIG, [0.9, 0.1, 0.2, 0.9]).to_dict()
        assert list(content["top_5"]) == ["hardcore", "rock", "punk", "jazz"]
        assert set(content["predicted_genres"]) == {"hardcore", "rock"}


def test_of_one_class_the_most_probable_is_said() -> None:
    said = prediction(None, [0.1, 0.6, 0.2, 0.1])
    assert list(said.predicted_genres) == ["jazz"]
    assert said.label_paths == {"jazz": "jazz"}
