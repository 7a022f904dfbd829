"""The training pipeline of the sequence model over the notes of a passage."""

from kedro.pipeline import Node, Pipeline

from .nodes import fit, hear

INPUTS = ("manifest", "spectrograms")
OF_MODEL = ("champion", "predictions")
OUTPUTS = ("sequence_notes", "sequence", "sequence_figures")
GIVEN = ("labels", "evaluation", "note_sequence")


def create_pipeline(corpus: str, analyzer: str) -> Pipeline:
    """From the champion of a note analyzer and its spectrograms to a sequence model, which belongs to it."""
    return Pipeline(
        [
            Node(
                hear,
                [*OF_MODEL, *INPUTS, "params:labels", "params:note_sequence"],
                "sequence_notes",
                name="hear",
            ),
            Node(
                fit,
                ["champion", "sequence_notes", "manifest", "params:evaluation", "params:note_sequence"],
                ["sequence", "sequence_figures"],
                name="fit",
            ),
        ],
        namespace=f"{corpus}.note_sequence",
        inputs={name: f"{corpus}.{name}" for name in INPUTS}
        | {name: f"{corpus}.{analyzer}.{name}" for name in OF_MODEL},
        outputs={name: f"{corpus}.{analyzer}.{name}" for name in OUTPUTS},
        parameters={f"params:{name}": f"params:{corpus}.{name}" for name in GIVEN},
        tags=["train", "note_sequence"],
    )
