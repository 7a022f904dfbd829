"""Which files make up a corpus of cries, and the contents of each."""

from dataclasses import dataclass

import numpy as np
import soxr

from auricle.audio.synthesis.broken import DEFECTS, spoil
from auricle.audio.synthesis.cries.cry import Cry, perform
from auricle.audio.synthesis.cries.gesture import SAMPLE_RATE
from auricle.audio.synthesis.cries.kinds import KindName
from auricle.audio.synthesis.cries.params import CryDemoParams
from auricle.audio.synthesis.encoding import Encoding, encode
from auricle.audio.synthesis.instruments import SAMPLE_RATE as SPOILED_RATE
from auricle.audio.synthesis.seeds import named_digest, named_generator

# Part of every file's name: raise it whenever a cry sounds different from before, and old renderings are
# replaced.
RENDERER_VERSION = 1
# One encoding for all: what a file is like must tell nothing about the label.
ENCODING = Encoding("FLAC", "PCM_16", SAMPLE_RATE, 1)
# Takes of broken files lie far behind those of whole ones, so that a larger corpus does not reach them.
_BROKEN_TAKES = 1_000_000
# Long enough for what is left of a truncated file to be recognized as one.
_BROKEN_S = 3.0


@dataclass(frozen=True)
class CryFile:
    """One file of the corpus: a cry, or one spoiled by a defect of `broken.DEFECTS`."""

    cry: Cry
    defect: str | None = None

    @property
    def name(self) -> str:
        """The file's name: a digest of all it depends on, so that a file that exists is the right one.

        It tells neither the kind nor the infant.
        """
        cry = self.cry
        what = (cry.seed, cry.infant_number, cry.take, cry.kind)
        measures = (float(cry.duration_s), float(cry.contrast))
        digest = named_digest("cries", RENDERER_VERSION, *what, *measures, self.defect or "")
        return digest[:12] + (DEFECTS[self.defect][0] if self.defect else ENCODING).suffix

    @property
    def about(self) -> str:
        """Its infant and kind."""
        return f"infant {self.cry.infant_number + 1}, {self.cry.kind}"

    def contents(self) -> bytes:
        """The file's bytes."""
        sound = perform(self.cry).render()[:, None]
        if self.defect is None:
            return encode(sound, ENCODING, SAMPLE_RATE)
        return spoil(np.repeat(soxr.resample(sound, SAMPLE_RATE, SPOILED_RATE), 2, axis=1), self.defect)


def plan_cries(params: CryDemoParams) -> list[CryFile]:
    """Every file of a corpus, whole ones first."""
    files = [
        CryFile(_make_cry(params, infant, take))
        for infant in range(params.infants)
        for take in range(params.cries_per_infant)
    ]
    if params.broken_files:
        files += [_broken_file(params, number, defect) for number, defect in enumerate(DEFECTS)]
    return files


def _make_cry(params: CryDemoParams, infant: int, take: int) -> Cry:
    low, high = params.duration_s
    duration = low + (high - low) * named_generator(params.seed, "duration", infant, take).random()
    kind = _deal_kind(params, infant, take)
    return Cry(params.seed, infant, take, kind, round(float(duration), 3), params.contrast)


def _deal_kind(params: CryDemoParams, infant: int, take: int) -> KindName:
    """Each kind once before any comes again, in an order of its own: who cries tells nothing of the kind."""
    turn, place = divmod(take, len(params.kinds))
    order = named_generator(params.seed, "kinds", infant, turn).permutation(len(params.kinds))
    return params.kinds[int(order[place])]


def _broken_file(params: CryDemoParams, number: int, defect: str) -> CryFile:
    rng = named_generator(params.seed, "broken", defect)
    infant, kind = int(rng.integers(params.infants)), params.kinds[int(rng.integers(len(params.kinds)))]
    return CryFile(Cry(params.seed, infant, _BROKEN_TAKES + number, kind, _BROKEN_S, params.contrast), defect)
