"""Pretrained encoders from a local folder or the hub: configurations and weights, safetensors only."""

from collections.abc import Container
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from auricle.errors import ConfigurationError

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

NOT_KEPT = (
    *("_name_or_path", "id2label", "label2id", "architectures", "transformers_version"),
    *("dtype", "torch_dtype"),  # an encoder that was saved in half precision is trained in single
)
REMEDY = (
    "Put its folder (config.json and model.safetensors) on this machine, for instance by `hf download {name}"
    "{revision} --local-dir data/pretrained/{last}` where the hub can be reached, and give that folder as"
    " {parameter}."
)
OWN_CODE = (
    "{parameter} {name!r} needs code of its own, which is not run (trust_remote_code is off): only"
    " architectures that transformers has can be taken. Name another, such as {example}."
)


class Source(NamedTuple):
    """Where an encoder comes from, and by which parameter a user names it.

    Attributes:
        name: a folder, or a name of the hub such as `microsoft/resnet-50`.
        revision: of the hub, a commit at best; None takes the newest. A folder has none.
        parameter: what messages call it.
        example: a name that would do.
    """

    name: str
    revision: str | None = None
    parameter: str = "backbone"
    example: str = "microsoft/resnet-50"


def encoder_settings(source: Source) -> dict[str, Any]:
    """`config.json` of an encoder, completed by its defaults; without its labels, and where it came from.

    Raises:
        ConfigurationError: there is no such folder, the hub cannot be reached or does not know it, or the
            encoder needs code that comes with it.
    """
    from transformers import AutoConfig

    _check(source)
    try:
        config = AutoConfig.from_pretrained(source.name, revision=source.revision, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        if "trust_remote_code" in str(error):
            raise ConfigurationError(OWN_CODE.format(**source._asdict())) from error
        raise ConfigurationError(_unavailable(source, "configuration", error)) from error
    return {name: value for name, value in config.to_dict().items() if name not in NOT_KEPT}


def encoder_weights(
    source: Source, like: "PreTrainedModel", *, may_lack: Container[str] = ()
) -> "dict[str, torch.Tensor]":
    """What an encoder has learned, for a model of its class.

    Args:
        source: of the encoder.
        like: the untrained model.
        may_lack: weights that begin untrained where there are none.

    Raises:
        ConfigurationError: it has no safetensors, or they are of another model.
    """
    model_class: Any = type(like)
    try:
        model, info = model_class.from_pretrained(
            source.name,
            revision=source.revision,
            config=like.config,
            trust_remote_code=False,
            use_safetensors=True,
            dtype=like.dtype,
            output_loading_info=True,
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise ConfigurationError(_unavailable(source, "weights as safetensors", error)) from error
    if missing := sorted(key for key in map(str, info["missing_keys"]) if key not in may_lack):
        raise ConfigurationError(
            f"The weights of {source.parameter} {source.name!r} lack {len(missing)} of those that its"
            f" config.json asks for (first: {missing[0]}). Give the folder of a complete encoder."
        )
    state: dict[str, torch.Tensor] = model.state_dict()
    return state


def _check(source: Source) -> None:
    name, called = source.name, source.parameter
    if not name:
        raise ConfigurationError(
            f"No {called} is named: give model.{called} a folder or a name of the hub, such as"
            f" {source.example}."
        )
    if Path(name).is_dir() and source.revision is not None:
        raise ConfigurationError(
            f"{called} {name!r} is a folder, which has no revision {source.revision!r}. Leave revision out."
        )
    looks_like_path = name.startswith((".", "/", "~")) or name.count("/") > 1
    if looks_like_path and not Path(name).is_dir():
        raise ConfigurationError(f"{called} {name!r} is a folder that does not exist. Mend the path.")


def _unavailable(source: Source, what: str, error: Exception) -> str:
    first = str(error).strip().partition("\n")[0]
    remedy = REMEDY.format(
        name=source.name,
        last=Path(source.name).name,
        parameter=source.parameter,
        revision="" if source.revision is None else f" --revision {source.revision}",
    )
    return f"The {what} of {source.parameter} {source.name!r} cannot be had: {first} {remedy}"
