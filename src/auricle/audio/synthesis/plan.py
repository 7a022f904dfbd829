"""Which files make up a demo corpus, and the contents of each."""

from dataclasses import dataclass

from auricle.audio.synthesis.broken import DEFECTS, spoil
from auricle.audio.synthesis.clips import Clip, perform
from auricle.audio.synthesis.encoding import Encoding, draw_encoding, encode
from auricle.audio.synthesis.params import DemoParams
from auricle.audio.synthesis.seeds import named_digest, named_generator

# Part of every file's name: raise it whenever a clip sounds different from before, and old renderings are
# replaced.
RENDERER_VERSION = 1
# Takes of broken files lie far behind those of whole ones, so that a larger corpus does not reach them.
_BROKEN_TAKES = 1_000_000


@dataclass(frozen=True)
class PlannedFile:
    """One file of the corpus: a clip in an encoding, or spoiled by a defect of `broken.DEFECTS`."""

    clip: Clip
    encoding: Encoding
    defect: str | None = None

    @property
    def name(self) -> str:
        """The file's name: a digest of all it depends on, so that a file that exists is the right one.

        It tells neither the genre nor that a file is broken.
        """
        clip = self.clip
        what = (clip.seed, clip.genre, clip.artist_number, clip.take, float(clip.duration_s))
        return named_digest(RENDERER_VERSION, *what, self.defect or "")[:12] + self.encoding.suffix

    @property
    def about(self) -> str:
        """Its genre."""
        return self.clip.genre

    def contents(self) -> bytes:
        """The file's bytes."""
        stereo = perform(self.clip).render()
        return spoil(stereo, self.defect) if self.defect else encode(stereo, self.encoding)


def plan_files(params: DemoParams) -> list[PlannedFile]:
    """Every file of a corpus, whole ones first."""
    files = []
    for genre in params.genres:
        for number in range(params.clips_per_genre):
            take, artist = divmod(number, params.artists_per_genre)
            clip = Clip(params.seed, genre, artist, take, params.duration_s)
            files.append(PlannedFile(clip, draw_encoding(params.seed, artist, take)))
    if params.broken_files:
        files += [_broken_file(params, number, defect) for number, defect in enumerate(DEFECTS)]
    return files


def _broken_file(params: DemoParams, number: int, defect: str) -> PlannedFile:
    rng = named_generator(params.seed, "broken", defect)
    genre = params.genres[int(rng.integers(len(params.genres)))]
    artist = int(rng.integers(params.artists_per_genre))
    clip = Clip(params.seed, genre, artist, _BROKEN_TAKES + number, params.duration_s)
    return PlannedFile(clip, DEFECTS[defect][0], defect)
