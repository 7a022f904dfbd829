"""The report's section on provenance: what it takes to make the same figures again."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from auricle.evaluation.report import ModelSection

Json = dict[str, Any]
UNKNOWN = "not recorded"
DIGEST_SHOWN = 16


def provenance_rows(sections: "Sequence[ModelSection]") -> list[Json]:
    """One row per fact, one cell per model; facts that no model records are left out."""
    readers: dict[str, Callable[[ModelSection], Any]] = {
        "bundle version": lambda section: section.version,
        "bundle digest": lambda section: section.digest[:DIGEST_SHOWN],
        "architecture": lambda section: section.config.get("model_type"),
        "trained": lambda section: section.training.get("trained_at"),
        "training time": lambda section: _duration(section.training.get("seconds")),
        "device": lambda section: section.training.get("device"),
        "precision": lambda section: section.training.get("precision"),
        "protocol": lambda section: section.training.get("protocol"),
        "seed": lambda section: section.training.get("seed"),
        "data digest": lambda section: section.training.get("data", {}).get("digest", "")[:DIGEST_SHOWN],
        "recordings in the corpus": lambda section: section.training.get("data", {}).get("recordings"),
        "front end digest": lambda section: section.training.get("front_end_digest"),
        "git revision": lambda section: section.training.get("git_revision"),
        "Python": lambda section: section.training.get("python"),
    }
    packages = dict.fromkeys(name for section in sections for name in section.training.get("versions", {}))
    rows = [
        {"name": name, "cells": [read(section) for section in sections]} for name, read in readers.items()
    ]
    for package in packages:
        cells = [section.training.get("versions", {}).get(package) for section in sections]
        rows.append({"name": package, "cells": cells})
    return [
        {
            "name": row["name"],
            "code": "digest" in str(row["name"]) or row["name"] == "git revision",
            "cells": [UNKNOWN if value in (None, "") else str(value) for value in row["cells"]],
        }
        for row in rows
        if any(value not in (None, "") for value in row["cells"])
    ]


def flattened(params: Json, prefix: str = "") -> list[tuple[str, str]]:
    """Nested parameters as dotted names and their values; long lists by their length."""
    rows: list[tuple[str, str]] = []
    for key, value in params.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            rows += flattened(value, f"{name}.")
        elif isinstance(value, list) and len(value) > 8:
            rows.append((name, f"{len(value)} values"))
        else:
            rows.append((name, str(value)))
    return rows


def _duration(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
