"""The node that explains one deep model. Heavy imports stand inside the function."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from auricle.audio.frontend import LogMelFrontEnd
from auricle.audio.limits import AudioLimits
from auricle.audio.store import SpectrogramStore
from auricle.explanation.params import ExplainParams
from auricle.models.bundle import BundleRef

logger = logging.getLogger(__name__)


def explain(
    champion: BundleRef | None,
    predictions: pd.DataFrame | None,
    manifest: pd.DataFrame,
    spectrograms: Path,
    recordings: Path,
    source: dict[str, Any],
    params: ExplainParams,
    decoding: AudioLimits,
    name: str,
) -> Iterator[str]:
    """The page of explanations of a champion; none, and a line in the log, where there is no champion."""
    from auricle.explanation.explain import explain_champion
    from auricle.explanation.page import render_explanations
    from auricle.studies import TRAINED_BY

    model = name.rpartition(".")[2]
    if champion is None or predictions is None:
        logger.info("%s is not trained; kedro run --pipelines=%s trains it", name, TRAINED_BY[model])
        return
    front_end = LogMelFrontEnd.from_pretrained(champion.path)
    with SpectrogramStore.open(spectrograms, front_end.digest, front_end.n_bands) as store:
        explained = explain_champion(
            champion,
            predictions,
            manifest,
            store=store,
            recordings=recordings,
            limits=decoding,
            params=params,
        )
        yield render_explanations(
            explained, model=model, source=source, is_folded=champion.out_of_fold is not None
        )
