"""From rows of results to what people open: a table, JSON lines, playlists and a summary."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

import numpy as np
import pandas as pd
import pyarrow as pa

from auricle.corpora.shards import ShardedRows
from auricle.inference.abstention import UNCERTAIN
from auricle.inference.bulk.files import members_of
from auricle.inference.bulk.job import Job
from auricle.inference.prediction import MemberOpinion, Prediction
from auricle.models.domain import UNUSUAL

PROBABILITY = "probability_"
TOLD = (
    "path",
    "recording_id",
    "label",
    "labels",
    "confidence",
    "calibrated_confidence",
    "uncertain",
    "top_5",
    "out_of_domain",
    "domain_distance",
    "out_of_domain_reason",
)
FACTS = ("instrument", "duration_s", "windows", "reason", "model", "version", "backend")
TYPES = {
    **dict.fromkeys(("labels", "top_5"), pa.list_(pa.string())),
    **dict.fromkeys(("confidence", "calibrated_confidence", "duration_s"), pa.float64()),
    **dict.fromkeys(("out_of_domain", "domain_distance"), pa.float64()),
    "uncertain": pa.bool_(),
    "windows": pa.int64(),
}
# What playlists, the summary and tags are made of, and what is held of all files at once.
OVERVIEW = (*TOLD, *FACTS)
REASONS = 10
ROWS_AT_ONCE = 1024
BETWEEN = "; "


def results_of(
    job: Job,
    ledger: ShardedRows,
    abstain_below: float | None,
    *,
    opinions: bool = False,
    rows_at_once: int = ROWS_AT_ONCE,
) -> Iterator[pd.DataFrame]:
    """One row a file of the job, in its order, chunk by chunk: memory does not depend on how many there are.

    Args:
        job: files and model.
        ledger: rows of `predict_files`; those of other files are left out.
        abstain_below: calibrated confidence below which a prediction is uncertain.
        opinions: also what each member of an ensemble says by itself.
        rows_at_once: of a chunk.

    Yields:
        `path`, `recording_id`; `label`, the most probable; `labels`, what is said: it alone, or each of
        several labels from its threshold on, nothing where the model is uncertain; `confidence`,
        `calibrated_confidence`, `uncertain`; `top_5`, labels, the most probable first; `out_of_domain`,
        `domain_distance` and `out_of_domain_reason` as `Prediction` has them, "" for no reason; `instrument`,
        `duration_s`, `windows` (their number), `reason` of a failure, else ""; `model`, `version`,
        `backend`; and `probability_<label>`, float32; with `opinions` also `opinion_<member>`, the member's
        most probable label, `opinion_confidence_<member>` and `opinion_reason_<member>`, why it says nothing,
        else "". Of a file that failed, what would be said is missing.
    """
    places = ledger.last_of("path").loc[job.files["path"]]
    for start in range(0, len(places), rows_at_once):
        rows = ledger.whole(places.iloc[start : start + rows_at_once])
        yield _results(job, rows, abstain_below, opinions=opinions)


def _results(job: Job, chosen: pd.DataFrame, abstain_below: float | None, *, opinions: bool) -> pd.DataFrame:
    told = pd.DataFrame([_told(job, row, abstain_below) for row in _rows(chosen)], columns=list(TOLD))
    facts = chosen[[name for name in FACTS if name in chosen]].assign(
        model=job.model, version=job.bundle.version
    )
    missing = [np.nan] * len(job.bundle.vocabulary)
    values = [
        missing if reason else found
        for found, reason in zip(chosen["probabilities"], chosen["reason"], strict=True)
    ]
    probabilities = pd.DataFrame(
        np.array(values, dtype=np.float32).reshape(len(chosen), -1), columns=_probability_columns(job)
    )
    said = [_opinions(job, row) for row in _rows(chosen)] if opinions else []
    return pd.concat([told, facts[list(FACTS)], probabilities, pd.DataFrame(said, index=told.index)], axis=1)


def _probability_columns(job: Job) -> list[str]:
    return [f"{PROBABILITY}{label}" for label in job.bundle.vocabulary]


def stored(job: Job, results: Iterable[pd.DataFrame], *, opinions: bool = False) -> Iterator[pa.Table]:
    """Chunks of results as Parquet takes them: of one schema, whatever is missing in one of them."""
    types = {name: TYPES.get(name, pa.string()) for name in (*TOLD, *FACTS)}
    types |= dict.fromkeys(_probability_columns(job), pa.float32())
    for entry in job.bundle.config["members"] if opinions else ():
        name = entry["model"]
        types |= {f"opinion_{name}": pa.string(), f"opinion_confidence_{name}": pa.float64()}
        types |= {f"opinion_reason_{name}": pa.string()}
    schema = pa.schema(list(types.items()))
    for chunk in results:
        table = pa.Table.from_pandas(chunk, schema, preserve_index=False)
        yield table.replace_schema_metadata(None)  # pandas' own, of this chunk alone


def _opinions(job: Job, row: Mapping[str, Any]) -> dict[str, Any]:
    """What each member says of a file, in columns."""
    said = members_of(row["members"])
    found: dict[str, Any] = {}
    for entry in job.bundle.config["members"]:
        name = entry["model"]
        opinion = MemberOpinion.of(job.bundle.vocabulary, said.get(name, row["reason"]))
        found[f"opinion_{name}"] = opinion.label
        found[f"opinion_confidence_{name}"] = np.nan if opinion.confidence is None else opinion.confidence
        found[f"opinion_reason_{name}"] = opinion.error or ""
    return found


def _told(job: Job, row: Mapping[str, Any], abstain_below: float | None) -> dict[str, Any]:
    told: dict[str, Any] = {"path": row["path"], "recording_id": row["recording_id"]}
    if row["reason"]:
        return told | {"labels": [], "uncertain": False, "top_5": [], "out_of_domain_reason": ""}
    prediction = Prediction.of_windows(
        job.bundle.vocabulary,
        [(0.0, row["duration_s"])],
        np.array([row["probabilities"]], dtype=np.float32),
        np.empty(0, dtype=np.float32),
        path=row["path"],
        config=job.bundle.config,
        abstain_below=abstain_below,
    )
    return told | {
        "label": prediction.label,
        "labels": list(prediction.predicted_genres),
        "confidence": prediction.confidence,
        "calibrated_confidence": prediction.calibrated_confidence,
        "uncertain": prediction.uncertain,
        "top_5": [label for label, _ in prediction.top(5)],
        "out_of_domain": row["out_of_domain"],
        "domain_distance": row["domain_distance"],
        "out_of_domain_reason": row["out_of_domain_reason"],
    }


def csv_of(results: Iterable[pd.DataFrame]) -> Iterator[str]:
    """The text of a CSV, which has no lists: their entries with a semicolon between them."""
    for number, chunk in enumerate(results):
        plain = chunk.assign(**{name: chunk[name].map(BETWEEN.join) for name in ("labels", "top_5")})
        yield plain.to_csv(index=False, header=number == 0, lineterminator="\n")


def json_lines_of(results: Iterable[pd.DataFrame]) -> Iterator[str]:
    """A line a file: an object, with one each for `top_5` and `probabilities`; null for what is missing."""
    for chunk in results:
        columns = [name for name in chunk.columns if name.startswith(PROBABILITY)]
        for row in _rows(chunk):
            yield json.dumps(_record(row, columns), ensure_ascii=False) + "\n"


def _record(row: Mapping[str, Any], columns: Sequence[str]) -> dict[str, Any]:
    plain = {name: _plain(value) for name, value in row.items() if name not in columns}
    found = {name.removeprefix(PROBABILITY): round(float(row[name]), 6) for name in columns}
    said = {} if plain["label"] is None else found
    return plain | {"top_5": {label: said[label] for label in row["top_5"]}, "probabilities": said}


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", table.to_dict("records"))


def _plain(value: Any) -> Any:
    if isinstance(value, list | np.ndarray):  # an array, where it was read from Parquet
        return list(value)
    return None if pd.isna(value) else value


def playlists_of(results: pd.DataFrame) -> dict[str, list[tuple[str, float]]]:
    """Paths and durations by label; what the model does not vouch for is in the list `uncertain`."""
    lists: dict[str, list[tuple[str, float]]] = {}
    for path, duration, labels, uncertain in zip(
        *(results[name] for name in ("path", "duration_s", "labels", "uncertain")), strict=True
    ):
        for label in [UNCERTAIN] if uncertain else labels:
            lists.setdefault(label, []).append((path, duration))
    return lists


def summary_of(job: Job, results: pd.DataFrame) -> dict[str, Any]:
    """Counts of what was said and of what failed, and by which model."""
    failed = results[results["reason"] != ""]
    said = results[results["reason"] == ""]
    sure = (
        said["calibrated_confidence"] if said["calibrated_confidence"].notna().any() else said["confidence"]
    )
    return {
        "input": job.input,
        "model": job.model,
        "version": job.bundle.version,
        "bundle_digest": job.bundle.digest,
        "ledger": job.ledger,
        "files": len(results),
        "predicted": len(said),
        "failed": len(failed),
        "uncertain": int(said["uncertain"].sum()),
        "out_of_domain": _domain_of(said),
        "hours": round(float(said["duration_s"].sum()) / 3600, 3),
        "median_confidence": round(float(sure.median()), 4) if len(said) else None,
        "labels": dict(Counter(label for labels in said["labels"] for label in labels).most_common()),
        "reasons": dict(Counter(failed["reason"]).most_common(REASONS)),
        "backends": dict(Counter(said["backend"])),
    }


def _domain_of(said: pd.DataFrame) -> dict[str, Any]:
    """How many files are unlike what the model was trained for, or why that is not known."""
    reasons = said["out_of_domain_reason"]
    if reasons.ne("").all():
        return {"usable": False, "reason": "; ".join(reasons.unique()) or "nothing was predicted"}
    return {"usable": True, "unusual": int((said["out_of_domain"] >= UNUSUAL).sum()), "from": UNUSUAL}
