"""From files to rows of results: decoded in child processes, scored in batches across files."""

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from auricle.audio.isolation import IsolationError, map_isolated
from auricle.corpora.shards import ShardedRows
from auricle.errors import AudioError, UnreadableError
from auricle.inference.bulk.hearing import Item, Sound, hear_file
from auricle.inference.bulk.job import Job, scorer_of
from auricle.inference.bulk.params import PredictParams
from auricle.inference.instruments import told
from auricle.inference.scorers import Heard, Score, Scorer

# What waits to be scored together: enough for full batches, and memory that does not depend on the files.
POOL_BYTES = 32 * 2**20
POOL_FILES = 64

DTYPES = {
    "path": "str",
    "size": "int64",
    "mtime_ns": "int64",
    "recording_id": "str",
    "instrument": "str",
    "duration_s": "float64",
    "windows": "int64",
    "probabilities": "object",
    "out_of_domain": "float64",
    "domain_distance": "float64",
    "out_of_domain_reason": "str",
    "members": "str",
    "reason": "str",
    "retry": "bool",
    "backend": "str",
}
# Columns that grow with the labels; the others are what is held of each file.
LARGE = ("probabilities", "members")

Row = dict[str, Any]

logger = logging.getLogger(__name__)


def predict_files(job: Job, known: ShardedRows, params: PredictParams) -> Iterator[pd.DataFrame]:
    """Predict what is new or changed since the rows that are known.

    A file with the size and time of modification of its row is passed over; one that was touched, copied or
    moved is known by the hash of its bytes and takes over what was said of them. Failures that may be the
    machine's (the file could not be opened, memory, time) are tried again, a broken file is not.

    Args:
        job: files and model.
        known: rows that an earlier call yielded for the same `made_with`, with the columns `LARGE` left on
            disk; none at first.
        params: of the pipeline.

    Yields:
        Tables of at most `chunk_size` rows: `path`; `size` in bytes; `mtime_ns`; `recording_id`;
        `instrument` as it was listed; `duration_s`; `windows`, their number; `probabilities`, a list in
        vocabulary order, the mean over the windows, or None; `out_of_domain` and `domain_distance`, NaN where
        there is no usable score, and `out_of_domain_reason`, why, else ""; `members`, of an ensemble a JSON
        object with the probabilities of each, or the reason why it says nothing, else ""; `reason` of a
        failure, else ""; `retry`; `backend` that computed.
    """
    table = known.table if len(known) else pd.DataFrame(columns=list(DTYPES))
    newest = table.drop_duplicates("path", keep="last")
    rows = _changed(job.files, newest[~newest["retry"].astype(bool)])
    logger.info(
        "%s files: %s known and unchanged, %s to be looked at",
        *(f"{count:,}" for count in (len(job.files), len(job.files) - len(rows), len(rows))),
    )
    if not rows:
        return
    scorer = scorer_of(job.bundle, job.windows, params)
    logger.info("%s, version %s, computes with %s", job.model, job.bundle.version, scorer.backend)
    counts = {"predicted": 0, "failed": 0, "known by their content": 0}
    done = _done(rows, known, scorer, job=job, params=params, backend=scorer.backend, counts=counts)
    while chunk := list(islice(done, params.chunk_size)):
        yield pd.DataFrame(chunk, columns=list(DTYPES)).astype(DTYPES)
    logger.info("%s", ", ".join(f"{count:,} {what}" for what, count in counts.items()))


def _changed(files: pd.DataFrame, known: pd.DataFrame) -> list[Row]:
    """The beginning of a row for each file that differs from the known one."""
    places = zip(known["size"], known["mtime_ns"], known["instrument"], strict=True)
    seen = dict(zip(known["path"], places, strict=True))
    changed = []
    for path, instrument in zip(files["path"], files["instrument"], strict=True):
        try:
            status = Path(path).stat()
            size, mtime_ns = status.st_size, status.st_mtime_ns
        except OSError:
            size, mtime_ns = 0, 0  # opening it will say why
        if seen.get(path) != (size, mtime_ns, instrument):
            changed.append({"path": path, "size": size, "mtime_ns": mtime_ns, "instrument": instrument})
    return changed


def _done(
    rows: list[Row],
    known: ShardedRows,
    scorer: Scorer,
    *,
    job: Job,
    params: PredictParams,
    backend: str,
    counts: dict[str, int],
) -> Iterator[Row]:
    facts = _facts(known.table) if len(known) else {}
    sounds = map_isolated(
        partial(hear_file, extractor=scorer.extractor, limits=params.decoding, known=frozenset(facts)),
        [Item(row["path"], row["instrument"]) for row in rows],
        workers=params.workers,
        limits=params.decoding,
        description="predict",
    )
    names = told([row["instrument"] or None for row in rows], len(rows), _instruments(job))
    heard = ((row, name, _sound(result)) for row, name, (_, result) in zip(rows, names, sounds, strict=True))
    for row, sound, score in _scored(heard, scorer):
        if sound.heard is None:
            counts["known by their content"] += 1
            (said,) = known.whole([facts[sound.recording_id, row["instrument"]]]).to_dict("records")
            yield {**said, **row}  # type: ignore[dict-item]
        else:
            counts["predicted" if score else "failed"] += 1
            yield {**row, "recording_id": sound.recording_id, "backend": backend, **_told(sound, score)}


def _facts(table: pd.DataFrame) -> dict[tuple[str, str], int]:
    """Where in the ledger it stands what was said of a recording, by its content and its instrument."""
    lasting = table[~table["retry"].astype(bool) & table["recording_id"].ne("")]
    keys = zip(lasting["recording_id"], lasting["instrument"], strict=True)
    return dict(zip(keys, lasting.index, strict=True))


def _instruments(job: Job) -> tuple[str, ...]:
    return tuple(job.bundle.config.get("instruments", ()))


def _sound(result: Sound | AudioError) -> Sound:
    return Sound("", result) if isinstance(result, AudioError) else result


def _told(sound: Sound, score: Score | None) -> Row:
    if score is None:
        error = sound.heard
        # What may be the machine's fault, or the network's: tomorrow it may be another.
        retry = isinstance(error, IsolationError | UnreadableError)
        nothing: Row = {"duration_s": np.nan, "windows": 0, "probabilities": None, "members": ""}
        nothing |= {"out_of_domain": np.nan, "domain_distance": np.nan, "out_of_domain_reason": ""}
        return {**nothing, "reason": str(error), "retry": retry}
    mean = score.probabilities.mean(axis=0)
    count = len(score.probabilities)
    return {
        "duration_s": sound.duration_s,
        "windows": count,
        "probabilities": mean.tolist(),
        "out_of_domain": np.nan if score.domain.quantile is None else score.domain.quantile,
        "domain_distance": np.nan if score.domain.distance is None else score.domain.distance,
        "out_of_domain_reason": score.domain.reason or "",
        "members": members_text(score.members),
        "reason": "",
        "retry": False,
    }


def members_text(members: Mapping[str, Any]) -> str:
    """What the members of an ensemble say, as the ledger keeps it."""
    said = {
        name: value if isinstance(value, str) else [float(number) for number in value]
        for name, value in members.items()
    }
    return json.dumps(said) if said else ""


def members_of(text: object) -> dict[str, Any]:
    """The inverse of `members_text`; nothing where the ledger was begun before there was any."""
    if not isinstance(text, str) or not text:
        return {}
    return {
        name: value if isinstance(value, str) else np.array(value, dtype=np.float32)
        for name, value in json.loads(text).items()
    }


Heeded = tuple[Row, str | None, Sound]
Answer = tuple[Row, Sound, Score | None]


def _scored(heard: Iterable[Heeded], scorer: Scorer) -> Iterator[Answer]:
    """Score pool by pool, in a thread of its own: the children go on while the model computes."""
    with ThreadPoolExecutor(1, "score") as executor:
        pending: Future[list[Answer]] | None = None
        for pool in _pools(heard):
            following = executor.submit(_answers, pool, scorer)
            if pending is not None:
                yield from pending.result()
            pending = following
        if pending is not None:
            yield from pending.result()


def _pools(heard: Iterable[Heeded]) -> Iterator[list[Heeded]]:
    pool: list[Heeded] = []
    size = 0
    for entry in heard:
        pool.append(entry)
        size += entry[2].nbytes
        if size >= POOL_BYTES or len(pool) == POOL_FILES:
            yield pool
            pool, size = [], 0
    if pool:
        yield pool


def _answers(pool: list[Heeded], scorer: Scorer) -> list[Answer]:
    sounds = [sound for _, _, sound in pool]
    waiting: dict[int, Heard] = {}
    for place, (_, name, sound) in enumerate(pool):
        if isinstance(sound.heard, np.ndarray | tuple):
            try:
                waiting[place] = scorer.heard(sound.heard, sound.duration_s, name)
            except AudioError as error:
                sounds[place] = replace(sound, heard=error)
    scores: Mapping[int, Score] = dict(
        zip(waiting, scorer.score(list(waiting.values()), scorer.batches), strict=True)
    )
    return [(row, sounds[place], scores.get(place)) for place, (row, _, _) in enumerate(pool)]
