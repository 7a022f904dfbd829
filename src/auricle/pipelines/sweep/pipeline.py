"""The pipeline that searches for better parameters of one deep model of a study."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from auricle.pipelines.blocks import blocks_of

from .nodes import sweep


def create_pipeline(corpus: str, models: Sequence[str]) -> Pipeline:
    """From manifest and spectrograms to a table of trials; no bundle is made, no champion moves."""
    shared = ("front_end", "variants", "decoding", "labels", "sweep", "study")
    given = ("manifest", "spectrograms", "variant_spectrograms", "recordings", "sweep_directory")
    read, found = blocks_of(corpus, models)
    return Pipeline(
        [
            Node(
                sweep,
                {name: name for name in given} | {name: f"params:{name}" for name in shared} | read,
                ["trials", "best_trial"],
                name="sweep",
            )
        ],
        namespace=f"{corpus}.sweep",
        inputs={name: f"{corpus}.{name}" for name in given},
        outputs={name: f"{corpus}.{name}" for name in ("trials", "best_trial")},
        parameters={f"params:{name}": f"params:{corpus}.{name}" for name in shared} | found,
        tags="sweep",
    )
