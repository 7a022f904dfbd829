"""What a trained model is worth: its figures beside the bundle, and its card."""

import json
from typing import Any

import pandas as pd

from auricle.audio.descriptors import DescriptorExtractor
from auricle.corpora.places import VALIDATION
from auricle.evaluation.card import model_card
from auricle.evaluation.evaluate import evaluate_model
from auricle.fitting.corpus import Corpus
from auricle.fitting.params import FitParams
from auricle.inference.figures import METRICS, read_metrics
from auricle.inference.scoring import score_features, score_stored
from auricle.models.bundle import CARD, BundleRef
from auricle.models.provenance import manifest_digest
from auricle.models.whole_file import write_whole
from auricle.training.params import TrainParams

Json = dict[str, Any]


def judge(bundle: BundleRef, heard: Any, corpus: Corpus, params: FitParams) -> Json:
    """Judge a model on test (or out of fold) and on validation; once, unless it is asked otherwise.

    Args:
        bundle: of the model.
        heard: the store, or the table of features, that it learned from.
        corpus: whose recordings are judged.
        params: how.
    """
    asked = {
        "evaluation": params.evaluation.model_dump(mode="json"),
        "labels": params.labels.model_dump(mode="json"),
    }
    known = read_metrics(bundle.path)
    if known is not None and known.get("asked") == asked and (bundle.path / CARD).is_file():
        return known
    predictions = _predictions(bundle, heard, corpus.manifest, params)
    judging = (predictions, corpus.manifest, params.evaluation, params.labels, bundle.config)
    metrics = evaluate_model(*judging)
    metrics["validation"] = None
    if (predictions["split"] == VALIDATION).any():
        metrics["validation"] = evaluate_model(*judging, split=VALIDATION)
    card = model_card(
        bundle.config,
        bundle.training,
        metrics,
        corpus.report,
        corpus.source,
        data_digest=manifest_digest(corpus.manifest),
    )
    write_whole(bundle.path / CARD, card.encode())
    content = metrics | {"asked": asked}
    write_whole(bundle.path / METRICS, (json.dumps(content, indent=2) + "\n").encode())
    return content


def _predictions(bundle: BundleRef, heard: Any, manifest: pd.DataFrame, params: FitParams) -> pd.DataFrame:
    if isinstance(params.hearing.make(), DescriptorExtractor):
        return score_features(bundle, heard, manifest)[0]
    assert isinstance(params.train, TrainParams) and params.windows is not None
    batch_size = params.windows.batch_size
    return score_stored(bundle, heard, manifest, device=params.train.device, batch_size=batch_size)[0]
