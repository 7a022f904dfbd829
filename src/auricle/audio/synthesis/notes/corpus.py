"""The corpus of notes, as it is rendered."""

from auricle.audio.synthesis.corpus import BROKEN, Corpus
from auricle.audio.synthesis.notes.metadata import metadata
from auricle.audio.synthesis.notes.params import NotesDemoParams
from auricle.audio.synthesis.notes.plan import plan_notes

_README = """\
This folder was rendered by Auricle: nobody recorded any of it.

The notes are synthesized from a random seed by auricle.audio.synthesis.notes: {instruments}.
"Players" are sets of random habits, and every fault is a change of a good note, of known kind and strength.
The labels are named as in the Good-sounds dataset; there musicians judged it, here a formula does.
Figures measured on this corpus show that the software works. They say nothing about real playing.

metadata.csv lists the files in the layout of Hugging Face's AudioFolder: `label` is the quality, `player` is
the group that must not be split between training and test. `fault_strength` says how strong the fault is, in
the unit beside it; many faults are weak, and good players waver too, so no listener can name all of them.
{broken}
The folder belongs to Auricle: when the demo's parameters change, files that no longer belong to it are
removed. Files that Auricle has not written are left alone. No rights in the notes are claimed.
"""


def notes_corpus(params: NotesDemoParams) -> Corpus:
    """What is to be rendered."""
    files = plan_notes(params)
    return Corpus(
        settings=params.model_dump(mode="json", exclude={"enabled"}),
        files=files,
        table=lambda: metadata(files, params),
        readme=_README.format(
            instruments=", ".join(params.instruments), broken=BROKEN if params.broken_files else ""
        ),
        longest_s=max(file.note.duration_s for file in files),
    )
