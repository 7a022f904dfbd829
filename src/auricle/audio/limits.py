"""What a recording may be, and what reading it may cost: the limits that hostile files meet."""

from typing import Literal, Self

from pydantic import Field, model_validator

from auricle.params import Params

Format = Literal["WAV", "FLAC", "OGG", "MP3", "AIFF", "AU"]


class AudioLimits(Params):
    """Limits on one audio file, checked against its header first and while it is read."""

    formats: tuple[Format, ...] = Field(
        ("WAV", "FLAC", "OGG", "MP3"),
        min_length=1,
        description="File formats that may be decoded, by libsndfile's names; told by a file's first bytes",
    )
    min_duration_s: float = Field(0.1, ge=0, description="Shortest recording that is kept, in seconds")
    max_duration_s: float = Field(1200.0, gt=0, description="Longest recording that is kept, in seconds")
    min_sample_rate: int = Field(4000, ge=1, description="Lowest sample rate, in Hz")
    max_sample_rate: int = Field(384_000, ge=1, description="Highest sample rate, in Hz")
    max_channels: int = Field(8, ge=1, description="Largest number of channels")
    max_file_mb: float = Field(4096.0, gt=0, description="Largest file, in MB of 2^20 bytes")
    silence_dbfs: float = Field(
        -80.0, le=0, description="A recording whose peak is below this in every channel is silent, in dBFS"
    )
    timeout_s: float = Field(
        60.0, gt=0, description="Longest time that a child process may spend on one file, in seconds"
    )
    max_memory_mb: int = Field(
        2048,
        ge=64,
        description="Memory that a child process may map beyond what its libraries do, in MB of 2^20 bytes",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.min_duration_s > self.max_duration_s:
            raise ValueError(
                f"min_duration_s {self.min_duration_s} is above max_duration_s {self.max_duration_s}"
            )
        if self.min_sample_rate > self.max_sample_rate:
            raise ValueError(
                f"min_sample_rate {self.min_sample_rate} is above max_sample_rate {self.max_sample_rate}"
            )
        return self
