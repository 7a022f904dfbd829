"""The corpus of music, as it is rendered."""

from auricle.audio.synthesis.corpus import BROKEN, Corpus
from auricle.audio.synthesis.metadata import metadata
from auricle.audio.synthesis.params import DemoParams
from auricle.audio.synthesis.plan import plan_files

_README = """\
This folder was rendered by Auricle: nobody recorded any of it.

The clips are synthesized from a random seed by auricle.audio.synthesis: {genres}.
"Artists" are sets of random choices, and what is called a genre here is a caricature of the real one.
Figures measured on this corpus show that the software works. They say nothing about real music.

metadata.csv lists the files in the layout of Hugging Face's AudioFolder: `label` is the genre, `labels` adds
tags (fast, swing, vocal, ...) that are true of the clip by construction, `artist` is the group that must
not be split between training and test, `influences` says what the artist borrows from other genres.
{broken}
The folder belongs to Auricle: when the demo's parameters change, files that no longer belong to it are
removed. Files that Auricle has not written are left alone. No rights in the clips are claimed.
"""


def music_corpus(params: DemoParams) -> Corpus:
    """What is to be rendered."""
    files = plan_files(params)
    return Corpus(
        settings=params.model_dump(mode="json", exclude={"enabled"}),
        files=files,
        table=lambda: metadata(files, params),
        readme=_README.format(genres=", ".join(params.genres), broken=BROKEN if params.broken_files else ""),
        longest_s=params.duration_s,
    )
