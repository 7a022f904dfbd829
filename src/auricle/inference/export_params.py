"""Parameters of the pipeline `export`."""

from pydantic import Field

from auricle.params import Params


class ExportParams(Params):
    """What is written beside `model.onnx`."""

    waveforms: bool = Field(
        True,
        description="of networks model_waveform.onnx too, with front end and windows: waveforms in,"
        " probabilities out",
    )
