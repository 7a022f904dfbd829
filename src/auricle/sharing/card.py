"""The card of a bundle as the Hugging Face Hub wants it: metadata first, licence, how to get the model."""

from typing import Any

from auricle.models.bundle import CARD, BundleRef

USAGE = "## How to use it\n"


def complete_card(bundle: BundleRef, repo_id: str, licence: str | None, hub: Any) -> None:
    """Say in a bundle's README.md where it can be had and under which licence; make one where there is none.

    Args:
        bundle: packed, so that its card may be changed.
        repo_id: on the hub.
        licence: as the hub names it, such as `cc-by-4.0`; None leaves it open.
        hub: huggingface_hub.
    """
    file = bundle.path / CARD
    there = file.is_file()
    card = hub.ModelCard(file.read_text(encoding="utf-8") if there else _without_figures(bundle, hub))
    if licence is not None:
        card.data.license = licence
    asked = f'model = auricle.from_hub("{repo_id}")  # pip install auricle[hub]'
    told = f"```python\nimport auricle\n\n{asked}\n```\n"
    text = str(card.text)
    card.text = text.replace(USAGE, f"{USAGE}\n{told}", 1) if USAGE in text else f"{text}\n{USAGE}\n{told}"
    file.write_text(str(card), encoding="utf-8")


def _without_figures(bundle: BundleRef, hub: Any) -> str:
    kind = str(bundle.config["model_type"])
    data = hub.ModelCardData(
        library_name="auricle",
        tags=["audio-classification", "auricle", kind],
        pipeline_tag="audio-classification",
    )
    labels = ", ".join(bundle.vocabulary)
    return (
        f"---\n{str(data.to_yaml()).strip()}\n---\n\n# {kind}\n\nHears {labels} in audio recordings. Trained"
        " by Auricle.\n\n> **It was not evaluated: there are no figures of it.**\n"
    )
