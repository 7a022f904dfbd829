"""The residual network's features of short segments, and an LSTM over them."""

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from auricle.errors import ConfigurationError
from auricle.models.outputs import AudioClassifierOutput
from auricle.models.recurrent import states_of
from auricle.models.resnet import MultiLabelAudioCNN, MultiLabelAudioCNNConfig
from auricle.models.spectrogram_model import Maps, real_frames
from auricle.models.traced import is_traced


class AudioCNNLSTMConfig(MultiLabelAudioCNNConfig):  # type: ignore[no-untyped-call]
    """Configuration of an `AudioCNNLSTM`; `auricle.models.params.CnnLstmParams.config` makes it."""

    model_type = "auricle_audio_cnn_lstm"

    segment_frames: int = 65
    segment_hop: int = 33
    lstm_size: int = 256
    lstm_layers: int = 2

    def __post_init__(self, **kwargs: Any) -> None:
        """Refuse segments that leave gaps."""
        super().__post_init__(**kwargs)
        if self.segment_hop > self.segment_frames:
            raise ConfigurationError(
                f"segment_hop is {self.segment_hop} and segment_frames {self.segment_frames}: frames between"
                " segments would never be heard. Choose segment_hop <= segment_frames."
            )


class AudioCNNLSTM(MultiLabelAudioCNN):
    """A `MultiLabelAudioCNN` describes each segment of a clip, a bidirectional LSTM of two layers follows the
    descriptions, and the mean of its states is classified: what comes before what counts.

    Clips of any length from one frame on; a padded one gives what it gives alone, if its length is given:
    segments of nothing but padding are never described, and the last one that is real knows its length.
    """

    config_class = AudioCNNLSTMConfig
    base_model_prefix = "cnn_lstm"
    config: AudioCNNLSTMConfig

    def __init__(self, config: AudioCNNLSTMConfig) -> None:
        super().__init__(config)
        self.lstm = nn.LSTM(
            config.embedding_size,
            config.lstm_size,
            num_layers=config.lstm_layers,
            batch_first=True,
            bidirectional=True,
            dropout=config.dropout if config.lstm_layers > 1 else 0.0,
        )
        self.post_init()  # type: ignore[no-untyped-call]

    @staticmethod
    def classified_size(config: Any) -> int:
        """Both directions of the LSTM."""
        return 2 * int(config.lstm_size)

    def forward(
        self,
        input_values: torch.Tensor,
        labels: torch.Tensor | None = None,
        lengths: torch.Tensor | None = None,
    ) -> AudioClassifierOutput:
        """Classify a batch.

        Args:
            input_values: (batch, bands, frames) in dB, of any floating dtype.
            labels: int64 (batch,), or (batch, classes) between 0 and 1 for several labels or mixed ones.
            lengths: int64 (batch,), frames of each clip that are no padding; None where all are.

        Raises:
            ConfigurationError: where the input is not of the shape that the configuration promises.
        """
        maps = self.maps_of(input_values, lengths, least=1)
        described, steps = self._described(maps)
        states = states_of(self.lstm, self.dropout(described), steps)
        count = described.shape[1] if steps is None else steps[:, None].to(states.dtype)
        return self.classified(states.sum(dim=1) / count, labels)

    def over_time(self, maps: torch.Tensor, frames: int) -> torch.Tensor:
        """Where segments overlap, the mean of what is said of them."""
        config = self.config
        length = (len(maps) - 1) * config.segment_hop + config.segment_frames
        shape = (config.n_bands, config.segment_frames)
        fine = functional.interpolate(maps, shape, mode="bilinear").flatten(1).T[None]

        def joined(columns: torch.Tensor) -> torch.Tensor:
            return functional.fold(columns, (config.n_bands, length), shape, stride=config.segment_hop)

        # `fold` steps over bands too, but a segment has all of them: there is one step.
        heard = joined(fine) / joined(torch.ones_like(fine))
        # Of segments that are nothing but padding nothing is said.
        return functional.pad(heard, (0, max(0, frames - length)))[..., :frames]

    def _described(self, maps: Maps) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Descriptions (batch, segments, embedding_size), and how many are real; None where all are."""
        size, hop = self.config.segment_frames, self.config.segment_hop
        clips, frames = maps.values.shape[0], maps.values.shape[-1]
        beyond: Any = torch.sym_max(frames - size, 0)  # type: ignore[no-untyped-call]  # frames of ONNX too
        missing = (beyond + hop - 1) // hop * hop + size - frames
        values = functional.pad(maps.values, (0, missing)).unfold(3, size, hop).movedim(3, 1)
        count = values.shape[1]
        lengths = maps.lengths
        if lengths is None and not is_traced() and not missing:
            return self.embed(Maps(values.flatten(0, 1), None)).view(clips, count, -1), None
        if lengths is None:
            lengths = torch.full((clips,), frames, device=values.device)
        starts = torch.arange(count, device=values.device) * hop
        real = (lengths[:, None] - starts).clamp(max=size)
        if maps.lengths is None:
            segments = Maps(values.flatten(0, 1), real.flatten())
            return self.embed(segments.masked()).view(clips, count, -1), None
        steps = 1 + (lengths - size).clamp(min=0).add(hop - 1) // hop
        kept = real_frames(steps, count)
        if is_traced():  # segments of nothing but padding are described too, and then forgotten
            found = self.embed(Maps(values.flatten(0, 1), real.clamp(min=1).flatten()).masked())
            return found.view(clips, count, -1) * kept[:, :, None].to(found.dtype), steps
        found = self.embed(Maps(values[kept], real[kept]).masked())
        described = found.new_zeros(clips, count, found.shape[1])
        described[kept] = found
        return described, steps
