"""The corpus of cries, as it is rendered."""

from auricle.audio.synthesis.corpus import BROKEN, Corpus
from auricle.audio.synthesis.cries.metadata import metadata
from auricle.audio.synthesis.cries.params import CryDemoParams
from auricle.audio.synthesis.cries.plan import plan_cries

_README = """\
This folder was rendered by Auricle: no infant cried for it.

The cries are synthesized from a random seed by auricle.audio.synthesis.cries: {kinds}.
"Infants" are sets of a pitch, a vocal tract, habits, a room and a microphone, and each of them cries in every
kind. Kinds differ in melody, rhythm and noise by a table, and overlap.
Figures measured on this corpus show that the software works. They say nothing about real infants, and nothing
here is of use for care or diagnosis.

metadata.csv lists the files in the layout of Hugging Face's AudioFolder: `label` is the kind, `infant` is the
group that must not be split between training and test.
{broken}
The folder belongs to Auricle: when the demo's parameters change, files that no longer belong to it are
removed. Files that Auricle has not written are left alone. No rights in the cries are claimed.
"""


def cry_corpus(params: CryDemoParams) -> Corpus:
    """What is to be rendered."""
    files = plan_cries(params)
    return Corpus(
        settings=params.model_dump(mode="json", exclude={"enabled"}),
        files=files,
        table=lambda: metadata(files, params),
        readme=_README.format(kinds=", ".join(params.kinds), broken=BROKEN if params.broken_files else ""),
        longest_s=max(file.cry.duration_s for file in files),
    )
