"""The pipeline that lets one see and hear what augmentation does."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from auricle.pipelines.blocks import blocks_of

from .nodes import show

INPUTS = ("manifest", "recordings")
GIVEN = ("front_end", "variants", "decoding", "labels", "augmentations")


def create_pipeline(corpus: str, models: Sequence[str]) -> Pipeline:
    """From the manifest to a page of some training recordings; nothing is trained."""
    read, found = blocks_of(corpus, models)
    return Pipeline(
        [
            Node(
                show,
                {name: name for name in INPUTS} | {name: f"params:{name}" for name in GIVEN} | read,
                "augmentations_page",
                name="show",
            )
        ],
        namespace=f"{corpus}.augmentations",
        inputs={name: f"{corpus}.{name}" for name in INPUTS},
        outputs={"augmentations_page": f"{corpus}.augmentations_page"},
        parameters={f"params:{name}": f"params:{corpus}.{name}" for name in GIVEN} | found,
    )
