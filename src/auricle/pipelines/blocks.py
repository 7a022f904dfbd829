"""The parameters of all deep models of a study, as a node takes them that is told which one to use."""

from collections.abc import Sequence

from auricle.training.deep_params import BLOCKS


def blocks_of(corpus: str, models: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """What a node reads (`train_cnn`: `params:train_cnn`), and where its pipeline finds it."""
    names = {f"{block}_{model}": f"{model}.{block}" for model in models for block in BLOCKS}
    read = {name: f"params:{name}" for name in names}
    found = {f"params:{name}": f"params:{corpus}.{place}" for name, place in names.items()}
    return read, found
