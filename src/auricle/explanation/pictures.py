"""A spectrogram, and a heat map over it, as pictures."""

import io

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from PIL import Image

FloatArray = npt.NDArray[np.float32]

# Each band and frame is so many pixels.
SCALE = (2, 3)
STRONGEST = 0.85


def spectrogram_picture(
    spectrogram: FloatArray, heat: FloatArray | None = None, *, span: tuple[float, float] | None = None
) -> bytes:
    """PNG of a spectrogram in grey, low frequencies below, and of a heat map laid over it in colour.

    Args:
        spectrogram: (bands, frames) in dB.
        heat: 0 to 1, of the same shape; the stronger, the less of the grey shows through.
        span: what is black and what is white, in dB; by default what is least and most of this one.
    """
    low, high = span or (float(spectrogram.min()), float(spectrogram.max()))
    grey = np.clip((spectrogram - low) / max(high - low, 1e-6), 0, 1)
    pixels = np.repeat(grey[..., None], 3, axis=2)
    if heat is not None:
        opacity = (STRONGEST * heat)[..., None]
        pixels = (1 - opacity) * pixels + opacity * mpl.colormaps["inferno"](heat)[..., :3]
    image = Image.fromarray((pixels[::-1] * 255).round().astype(np.uint8))
    rows, columns = SCALE
    image = image.resize((image.width * columns, image.height * rows), Image.Resampling.BILINEAR)
    buffer = io.BytesIO()
    image.quantize(128).save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()
