"""Low-rank adapters in an encoder (Hu et al., LoRA, 2021), by peft; merged, nothing of them is left."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from auricle.models.backbones.packages import needed

EXTRA = "lora"
ATTENTION = ("q_proj", "k_proj", "v_proj", "out_proj")
# WavLM hands the weights of its projections on without calling them: adapters there would never be heard.
ADAPTED = {"wavlm": ("intermediate_dense", "output_dense")}


def adapt(encoder: Any, told: Mapping[str, Any]) -> None:
    """Freeze an encoder and give it adapters, which change nothing until they have learned.

    Args:
        encoder: of transformers.
        told: of `LoraParams`.

    Raises:
        MissingPackageError: peft is not installed.
    """
    peft = needed("peft", extra=EXTRA, by="lora")
    config = peft.LoraConfig(
        r=told["rank"],
        lora_alpha=told["alpha"],
        lora_dropout=told["dropout"],
        target_modules=list(ADAPTED.get(encoder.config.model_type, ATTENTION)),
    )
    peft.inject_adapter_in_model(config, encoder)


def merged(encoder: nn.Module) -> None:
    """Add to the encoder's weights what its adapters have learned, and take them out."""
    from peft.tuners.tuners_utils import BaseTunerLayer

    adapted = [
        (name, module) for name, module in encoder.named_modules() if isinstance(module, BaseTunerLayer)
    ]
    for name, module in adapted:
        module.merge(safe_merge=True)
        parent, _, last = name.rpartition(".")
        setattr(encoder.get_submodule(parent), last, module.get_base_layer())
