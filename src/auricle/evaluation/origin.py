"""Where a model's weights come from, as its card and the report say it."""

from typing import Any

Json = dict[str, Any]


def base_model(config: Json) -> str | None:
    """What a model began from, by its `config.json`; None where it began at random."""
    return config.get("backbone_name") or config.get("encoder_name") or None


def origin(config: Json) -> list[str]:
    """Sentences on what a model of a pretrained encoder, or of one that could be, has heard before."""
    began_from = base_model(config)
    if began_from is None:
        if config.get("pretrained") is False:
            return ["Its encoder is not pretrained: it began at random and has heard nothing but its corpus."]
        return []
    revision, licence = config.get("encoder_revision"), config.get("encoder_licence")
    named = f"{began_from} (revision {revision})" if revision else began_from
    their = f"their licence, {licence}," if licence else "their licence"
    return [
        f"It began from the weights of {named}, which were learned from other data: {their} holds for it too,"
        " and what they have heard before is not in the figures."
    ]
