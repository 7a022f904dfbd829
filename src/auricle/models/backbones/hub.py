"""Pretrained encoders from a local folder or the hub: configurations and weights, safetensors only."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    " --local-dir data/pretrained/{last}` where the hub can be reached, and give that folder as backbone."
)


def encoder_settings(name: str, revision: str | None) -> dict[str, Any]:
    """`config.json` of an encoder, completed by its defaults; without its labels, and where it came from.

    Args:
        name: a folder, or a name of the hub such as `microsoft/resnet-50`.
        revision: of the hub, a commit at best; None takes the newest. A folder has none.

    Raises:
        ConfigurationError: there is no such folder, and the hub cannot be reached or does not know it.
    """
    from transformers import AutoConfig

    _check(name, revision)
    try:
        config = AutoConfig.from_pretrained(name, revision=revision, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        raise ConfigurationError(_unavailable(name, "configuration", error)) from error
    return {name: value for name, value in config.to_dict().items() if name not in NOT_KEPT}


def encoder_weights(name: str, revision: str | None, like: "PreTrainedModel") -> "dict[str, torch.Tensor]":
    """What an encoder has learned, for a model of its class.

    Args:
        name: see `encoder_settings`.
        revision: likewise.
        like: the untrained model.

    Raises:
        ConfigurationError: it has no safetensors, or they are of another model.
    """
    model_class: Any = type(like)
    try:
        model, info = model_class.from_pretrained(
            name,
            revision=revision,
            config=like.config,
            trust_remote_code=False,
            use_safetensors=True,
            dtype=like.dtype,
            output_loading_info=True,
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise ConfigurationError(_unavailable(name, "weights as safetensors", error)) from error
    if missing := sorted(map(str, info["missing_keys"])):
        raise ConfigurationError(
            f"The weights of backbone {name!r} lack {len(missing)} of those that its config.json asks for"
            f" (first: {missing[0]}). Give the folder of a complete encoder."
        )
    state: dict[str, torch.Tensor] = model.state_dict()
    return state


def _check(name: str, revision: str | None) -> None:
    if not name:
        raise ConfigurationError(
            "No backbone is named: give model.backbone a folder or a name of the hub, such as"
            " microsoft/resnet-50."
        )
    if Path(name).is_dir() and revision is not None:
        raise ConfigurationError(
            f"backbone {name!r} is a folder, which has no revision {revision!r}. Leave revision out."
        )
    looks_like_path = name.startswith((".", "/", "~")) or name.count("/") > 1
    if looks_like_path and not Path(name).is_dir():
        raise ConfigurationError(f"backbone {name!r} is a folder that does not exist. Mend the path.")


def _unavailable(name: str, what: str, error: Exception) -> str:
    first = str(error).strip().partition("\n")[0]
    remedy = REMEDY.format(name=name, last=Path(name).name)
    return f"The {what} of backbone {name!r} cannot be had: {first} {remedy}"
