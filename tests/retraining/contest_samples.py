"""Champions and challengers without a recording: what they predict is made up, and so is what they cost."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from auricle.corpora.labels import MULTI, SINGLE, LabelParams
from auricle.evaluation.params import EvaluateParams
from auricle.models.bundle import SEEN, BundleRef, open_bundle, seal
from auricle.models.seen import seen_recordings
from auricle.retraining.compared import Grounds
from auricle.retraining.costs import Cost
from auricle.retraining.decision import Contest, decide
from auricle.retraining.params import RuleParams

LABELS = ("blues", "disco", "metal", "reggae")
SEVERAL = LabelParams(problem_type=MULTI)
EVALUATION = EvaluateParams(bootstrap_samples=200)
SAME = {"champion": Cost(0.1, 1_000_000, 8), "challenger": Cost(0.1, 1_000_000, 8)}


def make_manifest(
    *, groups: int = 120, per_group: int = 6, labels: tuple[str, ...] = LABELS, folds: int = 0
) -> pd.DataFrame:
    """Groups of one label each; a third of them validation, a third test, or all of them in folds."""
    splits = ("validation", "test", "train")
    return pd.DataFrame(
        {
            "recording_id": f"{group:04d}-{clip}",
            "path": f"{group}-{clip}.wav",
            "label": labels[group % len(labels)],
            "labels": [labels[group % len(labels)]],
            "group": f"artist-{group}",
            "split": "train" if folds else splits[group // len(labels) % 3],
            "fold": group // len(labels) % folds if folds else -1,
            "status": "ok",
        }
        for group in range(groups)
        for clip in range(per_group)
    )


def predict(
    manifest: pd.DataFrame,
    *,
    right: float,
    sure: float | None = None,
    labels: tuple[str, ...] = LABELS,
    seed: int = 0,
    of_label: dict[str, float] | None = None,
) -> pd.DataFrame:
    """One label is said of each recording with a confidence; it is the right one with a probability.

    Args:
        manifest: the corpus.
        right: how often the label is right.
        sure: the confidence; as often as it is right by default.
        labels: that the model knows.
        seed: equal ones are right of the same recordings.
        of_label: how often it is right of the recordings of a label, where that is another number.
    """
    random = np.random.default_rng(seed)
    truth = np.array([labels.index(label) if label in labels else -1 for label in manifest["label"]])
    share = np.array([(of_label or {}).get(label, right) for label in manifest["label"]])
    others = (truth + random.integers(1, len(labels), len(truth))) % len(labels)
    said = np.where((random.random(len(truth)) < share) & (truth >= 0), truth, others)
    confidence = right if sure is None else sure
    values = np.full((len(truth), len(labels)), (1 - confidence) / (len(labels) - 1))
    values[np.arange(len(truth)), said] = confidence
    split = "out_of_fold" if (manifest["fold"] >= 0).all() else manifest["split"]
    return pd.concat(
        [
            pd.DataFrame({"recording_id": manifest["recording_id"], "split": split}),
            pd.DataFrame(values, columns=list(labels), index=manifest.index),
        ],
        axis=1,
    )


def make_bundle(folder: Path, version: str, manifest: pd.DataFrame, **config: Any) -> BundleRef:
    """What a decision reads of a bundle in its place, which has learned from a manifest's training split."""
    path = folder / "genre/cnn/challenger" / version / "challenger"
    path.mkdir(parents=True)
    (path / "config.json").write_text(json.dumps({"problem_type": SINGLE} | config))
    (path / "training.json").write_text(json.dumps({"trained_at": version}))
    seen_recordings(manifest).to_parquet(path / SEEN)
    (path / "checksums.json").write_text(json.dumps({"sha256": {SEEN: "0" * 64}}))
    return BundleRef(path, version, f"digest of {version}")


def make_sealed(path: Path, seed: int) -> BundleRef:
    """A whole bundle in its place, but for weights that are a model's; it differs from others by its seed."""
    path.mkdir(parents=True)
    config = {"auricle_bundle": 1, "model_type": "auricle_spectrogram_cnn", "id2label": {"0": "a", "1": "b"}}
    (path / "config.json").write_text(json.dumps(config))
    (path / "model.safetensors").write_bytes(bytes(range(256)))
    (path / "preprocessor_config.json").write_text('{"feature_extractor_type": "LogMelFrontEnd"}')
    (path / "training.json").write_text(json.dumps({"seed": seed}))
    seal(path)
    return open_bundle(path)


def decided(
    folder: Path,
    manifest: pd.DataFrame,
    champion: pd.DataFrame | None,
    challenger: pd.DataFrame,
    *,
    rule: RuleParams | None = None,
    costs: dict[str, Cost] | None = None,
    labels: LabelParams | None = None,
    heard: pd.DataFrame | None = None,
    **options: Any,
) -> dict[str, Any]:
    """The decision on two tables of predictions, of models that have learned from the split train."""
    labels = labels or LabelParams()
    heard = manifest if heard is None else heard
    contest = Contest(
        make_bundle(folder, "1", heard, problem_type=labels.problem_type),
        make_bundle(folder, "2", manifest, problem_type=labels.problem_type),
        {"champion": champion, "challenger": challenger},
        costs or SAME,
    )
    grounds = Grounds(manifest, rule or RuleParams(), EVALUATION, labels)
    decision = decide(contest, grounds, **options)
    assert json.loads(json.dumps(decision, allow_nan=False)) == decision
    return decision


def failed(decision: dict[str, Any]) -> list[str]:
    """The names of the checks that did not pass."""
    return [check["name"] for check in decision["checks"] if not check["passed"]]
