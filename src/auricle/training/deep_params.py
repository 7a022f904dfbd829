"""All parameters of one deep model, and what they become where some of them are replaced."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from auricle.corpora.labels import LabelParams
from auricle.errors import ConfigurationError
from auricle.models.params import ModelParams, WindowParams
from auricle.training.params import TrainParams

BLOCKS = ("model", "train", "windows")


class DeepParams(NamedTuple):
    """What decides how one deep model is built, trained and asked, beside its data."""

    model: ModelParams
    train: TrainParams
    windows: WindowParams
    labels: LabelParams = LabelParams()

    def replaced(self, values: Mapping[str, Any], *, by: str) -> "DeepParams":
        """The same with some of them replaced.

        Args:
            values: by name, such as `train.augment.gain_db`.
            by: who asks for it, for the message: "the space of the sweep".

        Raises:
            ConfigurationError: an unknown name, or values that contradict each other.
        """
        tree = {name: part.model_dump() for name, part in self._asdict().items()}
        for name, value in values.items():
            *parents, last = name.split(".")
            branch: Any = tree
            for parent in parents:
                branch = branch.get(parent) if isinstance(branch, dict) else None
            if not isinstance(branch, dict) or last not in branch or not parents:
                known = ", ".join(f"{part}.{key}" for part, keys in tree.items() for key in keys)
                raise ConfigurationError(f"{by} names {name!r}, which is no parameter: {known}.")
            # Of a block only what is named changes: the rest stays as it is configured.
            is_block = isinstance(branch[last], dict) and isinstance(value, Mapping)
            branch[last] = {**branch[last], **value} if is_block else value
        try:
            return DeepParams(
                ModelParams.model_validate(tree["model"]),
                TrainParams.model_validate(tree["train"]),
                WindowParams.model_validate(tree["windows"]),
                LabelParams.model_validate(tree["labels"]),
            )
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise ConfigurationError(f"{by} has {dict(values)}, which cannot be: {wrong}") from error


def deep_params_of(model: str, of_models: Mapping[str, Any], labels: Any = None, *, by: str) -> DeepParams:
    """The parameters of one of several models.

    Args:
        model: its name.
        of_models: `model_<name>`, `train_<name>` and `windows_<name>` of each, or what these are made from.
        labels: how labels are read, or what that is made from; one class a recording by default.
        by: who asks for it, for the message: "the sweep".

    Raises:
        ConfigurationError: no network on spectrograms of that name.
    """
    known = [name.removeprefix("model_") for name in of_models if name.startswith("model_")]
    if model not in known:
        raise ConfigurationError(
            f"{by} is of {model!r}, which is no network on spectrograms. There are: {', '.join(known)}."
        )
    return DeepParams(
        ModelParams.model_validate(of_models[f"model_{model}"]),
        TrainParams.model_validate(of_models[f"train_{model}"]),
        WindowParams.model_validate(of_models[f"windows_{model}"]),
        LabelParams.model_validate(labels or {}),
    )
