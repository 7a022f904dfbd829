"""The picture of a passage: its spectrogram, and over it each note with its label."""

from typing import TYPE_CHECKING

import numpy as np

from auricle.audio.frontend import FrontEndParams, LogMelFrontEnd
from auricle.inference.exports import caption
from auricle.models.backbones.packages import needed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from auricle.inference.passage import Passage

HEIGHT = 4.4  # inches
NARROWEST, WIDEST = 7.0, 40.0
PER_SECOND, PER_NOTE = 0.8, 0.34  # inches that a second, and that a name on end, takes at least
FRAME_S, HOP_S, BANDS = 0.093, 0.0116, 128
TICKS_HZ = (100, 500, 1000, 2000, 4000, 8000)
COLOURS = ("#1f6f79", "#b4552d", "#6a5aa8", "#8a6d1f", "#3f7d3c", "#a6457a")


def passage_figure(passage: "Passage") -> "Figure":
    """The spectrogram in mel bands with a line at each onset, a bar over each note, and its label.

    A note that the model does not vouch for has a question mark and a paler bar. Notes of one label have one
    colour; colours repeat where there are more than six labels.

    Raises:
        MissingPackageError: matplotlib is not installed.
    """
    needed("matplotlib", extra="pipelines", by="The picture of a passage")
    from matplotlib.figure import Figure

    inches = max(NARROWEST, PER_SECOND * passage.duration_s, PER_NOTE * len(passage.notes))
    figure = Figure(figsize=(min(inches, WIDEST), HEIGHT), layout="constrained")
    names, axes = figure.subplots(2, 1, sharex=True, height_ratios=(2, 3))
    _draw_spectrogram(axes, passage)
    _draw_notes(names, axes, passage)
    axes.set_xlabel("seconds")
    axes.set_xlim(0, passage.duration_s)
    return figure


def _draw_spectrogram(axes: "Axes", passage: "Passage") -> None:
    import librosa

    rate = passage.sample_rate
    front_end = LogMelFrontEnd(
        FrontEndParams(
            sample_rate=rate,
            n_fft=2 ** round(np.log2(FRAME_S * rate)),
            hop_length=round(HOP_S * rate),
            n_mels=BANDS,
        )
    )
    axes.imshow(
        front_end(passage.samples),
        origin="lower",
        aspect="auto",
        cmap="magma",
        extent=(0.0, passage.duration_s, -0.5, BANDS - 0.5),
    )
    centres = librosa.mel_frequencies(n_mels=BANDS + 2, fmax=rate / 2)[1:-1]
    shown = [hz for hz in TICKS_HZ if centres[0] < hz < centres[-1]]
    axes.set_yticks(np.interp(shown, centres, np.arange(BANDS)), [str(hz) for hz in shown])
    axes.set_ylabel("Hz")


def _draw_notes(names: "Axes", axes: "Axes", passage: "Passage") -> None:
    labels = list(dict.fromkeys(note.label for note in passage.notes))
    for note in passage.notes:
        colour = COLOURS[labels.index(note.label) % len(COLOURS)]
        opacity = 0.4 if note.uncertain or note.label is None else 1.0
        names.broken_barh(
            [(note.onset_s, note.duration_s)], (0, 0.12), facecolor=colour, alpha=opacity, edgecolor="white"
        )
        middle = note.onset_s + note.duration_s / 2
        # A label may hold a dollar sign, which is no formula.
        names.text(
            middle, 0.18, caption(note), rotation=90, ha="center", va="bottom", size=8, parse_math=False
        )
        axes.axvline(note.onset_s, color="white", linewidth=0.8)
    names.set_ylim(0, 1.6)
    names.set_axis_off()
