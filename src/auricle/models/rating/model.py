"""A rater: an encoder and a classifier, as a model like any other, with the losses of ratings."""

import copy
import logging
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from transformers import PreTrainedModel

from auricle.errors import ConfigurationError
from auricle.models.outputs import AudioClassifierOutput
from auricle.models.rating.config import RaterConfig
from auricle.models.rating.contracts import KeepsArguments
from auricle.models.rating.pair import make_pair
from auricle.models.rating.params import PairParams
from auricle.models.rating.plugins import SUPPLIED, make_part, source_digest

__all__ = ["Rater", "RaterConfig"]

logger = logging.getLogger(__name__)

# How near to 0 and 1 a rating comes where its logarithm is taken.
EDGE = 1e-4


class Rater(PreTrainedModel):  # type: ignore[no-untyped-call]
    """What an encoder hears, rated by a classifier.

    With the ordinal loss (CORAL: Cao et al., Rank consistent ordinal regression, 2020) the classifier's
    rating is the score that all steps share, and what is said is the mean of the probabilities of exceeding
    each step.
    """

    config_class = RaterConfig
    main_input_name = "input_values"
    base_model_prefix = "rater"
    config: RaterConfig
    exact_frames: int | None = None

    def __init__(self, config: RaterConfig) -> None:
        # What the bundle is to keep is noted in it, and an untrained model may be made of it again.
        super().__init__(copy.deepcopy(config))
        pair = PairParams(
            encoder_class=config.encoder_class,
            encoder_kwargs=config.encoder_kwargs,
            classifier_class=config.classifier_class,
            classifier_kwargs=config.classifier_kwargs,
        )
        self.encoder: Any = None
        if config.embedding_dim is None:
            self.encoder, self.head = make_pair(pair, config.sample_rate)
            self._keep_arguments()
        else:
            with torch.device("cpu"):
                self.head = make_part(
                    pair.classifier_class,
                    "classifier_class",
                    pair.classifier_kwargs,
                    embedding_dim=config.embedding_dim,
                )
        if config.rating_loss == "ordinal":
            shares = torch.arange(1, config.rating_steps + 1) / (config.rating_steps + 1)
            self.steps = nn.Parameter(-torch.logit(shares))
        self.post_init()  # type: ignore[no-untyped-call]

    def _keep_arguments(self) -> None:
        """Note what makes the same parts without files of others, and which source they came from."""
        if isinstance(self.encoder, KeepsArguments):
            self.config.encoder_kwargs = self.encoder.bundle_arguments()
        for name, part in (("encoder", self.encoder), ("classifier", self.head)):
            digest = source_digest(type(part))
            if type(part).__module__.startswith(SUPPLIED) or digest is None:
                continue
            if self.config.sources.get(name, digest) != digest:
                logger.warning(
                    "The file of %s (%s) has changed since this model was trained: what it says may differ.",
                    type(part).__name__,
                    name,
                )
            self.config.sources = {**self.config.sources, name: digest}

    def _init_weights(self, module: nn.Module) -> None:
        """Parts begin as their own constructors leave them."""

    def forward(
        self,
        input_values: torch.Tensor,
        labels: torch.Tensor | None = None,
        lengths: torch.Tensor | None = None,
    ) -> AudioClassifierOutput:
        """Rate a batch.

        Args:
            input_values: (batch, 1, samples) or (batch, samples); or embeddings (batch, embedding_dim, 1).
            labels: ratings from 0 to 1, float (batch,).
            lengths: taken as others take it; a clip that is shorter than the batch is repeated before.

        Returns:
            `logits` are the ratings themselves, float32 (batch, 1) in [0, 1]; and the embeddings, and the
            loss where labels are given.

        Raises:
            ConfigurationError: the input has another shape.
        """
        embeddings = self._embedded(input_values)
        ratings, steps = self._rated(embeddings)
        loss = None
        if labels is not None:
            # Under mixed precision it would round ratings near 0 and 1 to them.
            with torch.autocast(ratings.device.type, enabled=False):
                loss = self._loss(ratings, steps, labels.float().view(-1, 1))
        return AudioClassifierOutput(loss=loss, logits=ratings, embeddings=embeddings)

    def rate(self, embeddings: torch.Tensor) -> torch.Tensor:
        """Ratings of windows that are embedded already, float32 (batch, embedding_dim) to (batch, 1)."""
        return self._rated(embeddings)[0]

    def _rated(self, embeddings: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        said = self.head(embeddings).float()
        with torch.autocast(said.device.type, enabled=False):
            steps = self._above_steps(said) if self.config.rating_loss == "ordinal" else None
            return said if steps is None else steps.sigmoid().mean(dim=1, keepdim=True), steps

    def _embedded(self, values: torch.Tensor) -> torch.Tensor:
        dim = self.config.embedding_dim
        if dim is not None:
            if values.ndim != 3 or values.shape[1:] != (dim, 1):
                raise ConfigurationError(
                    f"Expected embeddings of shape (batch, {dim}, 1), not {tuple(values.shape)}."
                )
            return values[:, :, 0].float()
        if values.ndim not in (2, 3) or (values.ndim == 3 and values.shape[1] != 1):
            raise ConfigurationError(
                "Expected waveforms of shape (batch, 1, samples) or (batch, samples), not"
                f" {tuple(values.shape)}."
            )
        embeddings: torch.Tensor = self.encoder(values.flatten(1).float())
        return embeddings

    def _above_steps(self, said: torch.Tensor) -> torch.Tensor:
        """Logits of a rating above each step, (batch, steps)."""
        return torch.logit(said * (1 - 2 * EDGE) + EDGE) + self.steps

    def _loss(self, ratings: torch.Tensor, steps: torch.Tensor | None, wanted: torch.Tensor) -> torch.Tensor:
        if steps is not None:
            count = self.config.rating_steps
            reached = (wanted * count).round()
            above = (reached >= torch.arange(1, count + 1, device=wanted.device)).float()
            return functional.binary_cross_entropy_with_logits(steps, above)
        if self.config.rating_loss == "bce":
            return functional.binary_cross_entropy(ratings * (1 - 2 * EDGE) + EDGE, wanted)
        return functional.mse_loss(ratings, wanted)
