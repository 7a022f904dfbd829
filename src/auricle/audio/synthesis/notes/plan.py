"""Which files make up a corpus of notes, and the contents of each."""

from dataclasses import dataclass

import numpy as np
import soxr

from auricle.audio.synthesis.broken import DEFECTS, spoil
from auricle.audio.synthesis.encoding import Encoding, encode
from auricle.audio.synthesis.instruments import SAMPLE_RATE as SPOILED_RATE
from auricle.audio.synthesis.notes.curves import SAMPLE_RATE
from auricle.audio.synthesis.notes.instruments import INSTRUMENTS
from auricle.audio.synthesis.notes.labels import GOOD, Label, labels_of
from auricle.audio.synthesis.notes.note import Note, play
from auricle.audio.synthesis.notes.params import INSTRUMENT_NAMES, InstrumentName, NotesDemoParams
from auricle.audio.synthesis.seeds import named_digest, named_generator

# Part of every file's name: raise it whenever a note sounds different from before, and old renderings are
# replaced.
RENDERER_VERSION = 1
# One encoding for all: what a file is like must tell nothing about the label.
ENCODING = Encoding("FLAC", "PCM_16", SAMPLE_RATE, 1)
# Takes of broken files lie far behind those of whole ones, so that a larger corpus does not reach them.
_BROKEN_TAKES = 1_000_000
# Long enough for what is left of a truncated file to be recognized as one.
_BROKEN_S = 3.0
# Powers of 1 / 1.2207..., the root of x^4 = x + 1: multiples of these three fill a cube evenly, and so does
# any run of instruments, players or takes alone.
_STEPS = (0.8191725134, 0.6710436067, 0.5497004779)


@dataclass(frozen=True)
class NoteFile:
    """One file of the corpus: a note, or one spoiled by a defect of `broken.DEFECTS`."""

    note: Note
    defect: str | None = None

    @property
    def name(self) -> str:
        """The file's name: a digest of all it depends on, so that a file that exists is the right one.

        It tells neither the label nor the instrument.
        """
        note = self.note
        what = (note.seed, note.instrument, note.player_number, note.take, note.label)
        measures = (float(note.duration_s), float(note.strength))
        digest = named_digest("notes", RENDERER_VERSION, *what, *measures, self.defect or "")
        return digest[:12] + (DEFECTS[self.defect][0] if self.defect else ENCODING).suffix

    @property
    def about(self) -> str:
        """Its instrument and label."""
        return f"{self.note.instrument}, {self.note.label}"

    def contents(self) -> bytes:
        """The file's bytes."""
        sound = play(self.note).render()[:, None]
        if self.defect is None:
            return encode(sound, ENCODING, SAMPLE_RATE)
        return spoil(np.repeat(soxr.resample(sound, SAMPLE_RATE, SPOILED_RATE), 2, axis=1), self.defect)


def plan_notes(params: NotesDemoParams) -> list[NoteFile]:
    """Every file of a corpus, whole ones first."""
    files = []
    for instrument in params.instruments:
        for number in range(params.notes_per_instrument):
            take, player = divmod(number, params.players_per_instrument)
            files.append(NoteFile(_make_note(params, instrument, player, take)))
    if params.broken_files:
        files += [_broken_file(params, number, defect) for number, defect in enumerate(DEFECTS)]
    return files


def label_shares(params: NotesDemoParams, instrument: InstrumentName) -> dict[Label, float]:
    """The share of each label among the notes of an instrument, good ones first."""
    others = [label for label in labels_of(INSTRUMENTS[instrument].family) if label != GOOD]
    by_rank = {label: (rank + 1.0) ** -params.tail for rank, label in enumerate(others)}
    weights = np.array([params.weights.get(label, by_rank[label]) for label in others])
    if not weights.any():
        return {GOOD: 1.0}
    shares = (1.0 - params.good_share) * weights / weights.sum()
    return {
        GOOD: params.good_share,
        **{label: float(s) for label, s in zip(others, shares, strict=True) if s},
    }


def _make_note(params: NotesDemoParams, instrument: InstrumentName, player: int, take: int) -> Note:
    rng = named_generator(params.seed, "take", instrument, player, take)
    low, high = params.duration_s
    share, position = rng.random(2)
    duration = (
        low * (high / low) ** share if params.durations == "log_uniform" else low + (high - low) * share
    )
    return Note(
        params.seed,
        instrument,
        player,
        take,
        round(float(duration), 3),
        _deal_label(params, instrument, player, take),
        round(float(params.strength[0] + position * (params.strength[1] - params.strength[0])), 4),
    )


def _deal_label(params: NotesDemoParams, instrument: InstrumentName, player: int, take: int) -> Label:
    """Dealt evenly instead of drawn: rare labels are as rare as asked for, and no player has all of one."""
    place = (INSTRUMENT_NAMES.index(instrument), player, take)
    start = named_generator(params.seed, "labels").random()
    point = (start + sum(n * step for n, step in zip(place, _STEPS, strict=True))) % 1.0
    shares = label_shares(params, instrument)
    index = int(np.searchsorted(np.cumsum(list(shares.values())), point, side="right"))
    return tuple(shares)[min(index, len(shares) - 1)]


def _broken_file(params: NotesDemoParams, number: int, defect: str) -> NoteFile:
    rng = named_generator(params.seed, "broken", defect)
    instrument = params.instruments[int(rng.integers(len(params.instruments)))]
    player = int(rng.integers(params.players_per_instrument))
    note = Note(params.seed, instrument, player, _BROKEN_TAKES + number, _BROKEN_S, GOOD, 0.0)
    return NoteFile(note, defect)
