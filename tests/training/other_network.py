"""A deep model that the training code has never heard of: mean over time, one linear layer."""

from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel

from auricle.models.config import SpectrogramModelConfig
from auricle.models.outputs import AudioClassifierOutput, classification_loss
from auricle.models.params import ArchitectureParams


class OtherConfig(SpectrogramModelConfig):
    model_type = "other_network"


class OtherNetwork(PreTrainedModel):
    config_class = OtherConfig
    main_input_name = "input_values"

    def __init__(self, config: OtherConfig) -> None:
        super().__init__(config)
        self.norm = nn.BatchNorm1d(config.n_bands)
        self.classifier = nn.Linear(config.n_bands, config.num_labels)
        self.post_init()

    def forward(
        self,
        input_values: torch.Tensor,
        labels: torch.Tensor | None = None,
        lengths: torch.Tensor | None = None,
    ) -> AudioClassifierOutput:
        embeddings = self.norm(input_values.mean(dim=2))
        logits = self.classifier(embeddings)
        loss = None if labels is None else classification_loss(logits, labels, self.config)
        return AudioClassifierOutput(loss=loss, logits=logits, embeddings=embeddings)


class OtherParams(ArchitectureParams):
    kind: str = "other"

    def config(self, *, vocabulary: tuple[str, ...], **shape: Any) -> OtherConfig:
        labels = dict(enumerate(vocabulary))
        return OtherConfig(
            **shape,
            id2label=labels,
            label2id={label: index for index, label in labels.items()},
        )
