"""What a training on lists can be told: the pipelines' own parameters, and nothing else."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from auricle.audio.descriptors import DescriptorParams
from auricle.audio.front_ends import FrontEndChoice
from auricle.audio.waveform_front_end import WaveformParams
from auricle.errors import ConfigurationError
from auricle.fitting.params import FOREST, NOT_TOLD, RECIPES, WHOLE, _types, fit_params
from auricle.models.params import ForestParams, ModelParams, WindowParams
from auricle.training.params import TrainParams

BASE = Path(__file__).parents[2] / "conf/base"


def told(model: str, *, several: bool = False, **values: Any) -> Any:
    return fit_params(model, values, several=several, grouped=False)


def study_of(model: str) -> dict[str, Any]:
    study = "notes" if model.startswith("note") else "genre"
    return yaml.safe_load((BASE / f"parameters_{study}.yml").read_text())[study]


class TestRecipes:
    @pytest.mark.parametrize("model", sorted(set(RECIPES) - {FOREST, "transfer"}))
    def test_are_those_of_the_projects_configuration(self, model: str) -> None:
        study = study_of(model)
        params, block = told(model), study[model]
        assert params.train == TrainParams.model_validate(block["train"])
        assert params.model == ModelParams.model_validate(block["model"])
        assert params.windows == WindowParams.model_validate(block["windows"])
        speech = model == "wav2vec2"
        heard: Any = WaveformParams if speech else FrontEndChoice
        assert params.hearing.params == heard.model_validate(study["waveforms" if speech else "front_end"])

    def test_of_the_forest_too(self) -> None:
        study = study_of(FOREST)
        assert told(FOREST).train == ForestParams.model_validate(study[FOREST]["train"])
        assert told(FOREST).hearing.params == DescriptorParams.model_validate(study["descriptors"])

    def test_of_an_encoder_that_has_to_be_had_first(self) -> None:
        block = study_of("transfer")["transfer"]
        recipe = RECIPES["transfer"]
        assert TrainParams.model_validate(recipe["train"]) == TrainParams.model_validate(block["train"])
        assert WindowParams.model_validate(recipe["windows"]) == WindowParams.model_validate(block["windows"])

    @pytest.mark.parametrize("model", sorted(RECIPES))
    def test_no_name_means_two_things(self, model: str) -> None:
        names = [
            name
            for block, kind in _types(model).items()
            for name in kind.model_fields
            if name not in NOT_TOLD.get(block, ())
        ]
        assert len(set(names)) == len(names)
        assert not set(names) & set(WHOLE)


class TestTold:
    def test_each_name_finds_its_block(self) -> None:
        params = told(
            "cnn",
            epochs=50,
            learning_rate=0.002,
            dropout=0.1,
            window_seconds=2.0,
            folds=4,
            threshold="precision",
        )
        assert (params.train.epochs, params.train.learning_rate) == (50, 0.002)
        assert params.model.root.dropout == 0.1
        assert (params.windows.window_seconds, params.windows.hop_seconds) == (2.0, 2.0)
        assert (params.ingest.folds, params.labels.threshold) == (4, "precision")

    def test_an_unknown_name_is_refused_with_what_there_is(self) -> None:
        with pytest.raises(
            ConfigurationError, match=r"'epoch' is no parameter of cnn; 'epochs' is near.*drop"
        ):
            told("cnn", epoch=3)
        with pytest.raises(ConfigurationError, match="'epochs' is no parameter of random_forest"):
            told("random_forest", epochs=3)

    def test_an_unknown_model_is_refused_with_what_there_is(self) -> None:
        with pytest.raises(ConfigurationError, match=r"'cnnn', which cannot .*; 'cnn' is near.*wav2vec2"):
            told("cnnn")

    @pytest.mark.parametrize(
        ("values", "said"),
        [
            ({"epochs": 0}, r"epochs: Input should be greater than or equal to 1 \(given: 0\)"),
            ({"learning_rate": "fast"}, "learning_rate: Input should be a valid number"),
            ({"front_end": {"n_mel": 3}}, "front_end.log_mel.n_mel: Extra inputs"),
            ({"front_end": 3}, "front_end is 3, not a dictionary"),
            ({"test_share": 0.9}, r"leave nothing to train on|less than or equal"),
            ({"best_metric": "mean_average_precision"}, "does not have"),
            ({"class_weights": True, "focal_gamma": 2.0}, "class_weights true and focal_gamma 2.0 are"),
        ],
    )
    def test_values_that_cannot_be_are_refused(self, values: dict[str, Any], said: str) -> None:
        with pytest.raises(ConfigurationError, match=said):
            told("cnn", **values)

    def test_a_recipe_gives_way_to_what_is_asked(self) -> None:
        assert told("note_analyzer", epochs=50).train.early_stopping_patience == 50
        several = told("note_analyzer", several=True)
        assert several.train.balanced_sampling == 0
        assert several.model.root.instrument_prior == 0
        weighed = told("note_analyzer", class_weights="effective").train
        assert (weighed.class_weights, weighed.balanced_sampling) == ("effective", 0)
        drawn = told("cnn", balanced_sampling=1.0).train
        assert (drawn.class_weights, drawn.balanced_sampling) == (False, 1)
