"""What an ONNX file says of itself: labels, windows, thresholds, versions, and of which bundle it is."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from auricle.audio.extractor import load_extractor
from auricle.models.bundle import BundleRef
from auricle.models.provenance import package_versions

# What of a configuration someone needs who feeds the file and reads its answers.
TOLD = (
    "window_frames",
    "hop_frames",
    "any_length",
    "instruments",
    "thresholds",
    "calibration_temperature",
    "feature_names",
)
NETWORK_PACKAGES = ("auricle", "torch", "transformers", "onnx", "onnxscript", "onnxruntime")
FOREST_PACKAGES = ("auricle", "scikit-learn", "skl2onnx", "onnx", "onnxruntime")


def metadata_of(
    config: Mapping[str, Any],
    labels: Sequence[str],
    packages: Sequence[str],
    bundle: BundleRef | None = None,
) -> dict[str, str]:
    """What the file says of itself, each value but texts as JSON.

    Args:
        config: `model_type`, `problem_type`, and of `TOLD` what the model has.
        labels: the vocabulary, in the order of the probabilities.
        packages: that made the file, whose versions are told.
        bundle: adds its version, its digest, the digest of its front end and the rate that it hears.
    """
    metadata = {
        "model_type": config["model_type"],
        "problem_type": config.get("problem_type") or "",
        "labels": json.dumps(list(labels)),
        "versions": json.dumps(package_versions(packages)),
        **{name: json.dumps(config[name]) for name in TOLD if config.get(name) is not None},
    }
    if bundle is not None:
        extractor = load_extractor(bundle.path)
        metadata |= {
            "version": bundle.version,
            "bundle_digest": bundle.digest,
            "front_end_digest": extractor.digest,
            "sample_rate": json.dumps(extractor.sample_rate),
        }
    return metadata
