"""Whether predictions are of the corpus as it is: splits, protocol and labels may have changed since."""

import pandas as pd

from auricle.corpora.labels import SINGLE, LabelParams
from auricle.errors import CorpusError
from auricle.models.bundle import BundleRef


def why_stale(
    predictions: pd.DataFrame, manifest: pd.DataFrame, labels: LabelParams, champion: BundleRef
) -> str | None:
    """Why predictions cannot be judged on this corpus (other splits, protocol or labels), or None.

    Args:
        predictions: of the champion, by the contract.
        manifest: of the corpus.
        labels: as the study reads them now.
        champion: that has made the predictions.
    """
    from auricle.evaluation.evaluate import kind_of

    if (trained_for := champion.config.get("problem_type", SINGLE)) != labels.problem_type:
        return f"it was trained for {trained_for}, and the study asks for {labels.problem_type}"
    try:
        kind_of(labels).rows(predictions, manifest)
    except CorpusError as error:
        return str(error)
    return None
