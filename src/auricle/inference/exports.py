"""A passage as a table, as JSON, as JAMS, as a label track, and as files of these."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auricle.errors import ConfigurationError

if TYPE_CHECKING:
    import pandas as pd

    from auricle.inference.passage import Passage, PassageNote

COLUMNS = (
    "onset_s",
    "duration_s",
    "label",
    "answer",
    "confidence",
    "calibrated_confidence",
    "uncertain",
    "error",
)
PICTURES = (".png", ".svg", ".pdf")
# The version of the schema, in the form that the library of that name reads:
# github.com/marl/jams, jams/schemata/jams_schema.json.
JAMS_VERSION = "0.3.4"
NAMESPACE = "segment_open"


def table(passage: "Passage") -> "pd.DataFrame":
    """One row a note; see `Passage.to_table`."""
    import pandas as pd

    return pd.DataFrame([_row(note) for note in passage.notes], columns=list(COLUMNS))


def plain(passage: "Passage") -> dict[str, Any]:
    """Plain values; see `Passage.to_dict`."""
    return {
        "path": passage.path,
        "duration_s": passage.duration_s,
        "instrument": passage.instrument,
        "model": passage.model,
        "version": passage.version,
        "neighbours": passage.neighbours,
        "notes": [{**_row(note), "probabilities": note.prediction.probabilities} for note in passage.notes],
    }


def jams(passage: "Passage") -> dict[str, Any]:
    """A document by the schema of JAMS (Humphrey et al., ISMIR 2014): one segment a note.

    A segment's confidence is the probability of its label. Notes that could not be used are left out; which
    segments the model does not vouch for stands in the annotation's sandbox, by their number.
    """
    notes = [note for note in passage.notes if note.label is not None]
    return {
        "file_metadata": {
            "title": Path(passage.path).name if passage.path else "",
            "artist": "",
            "release": "",
            "duration": passage.duration_s,
            "identifiers": {},
            "jams_version": JAMS_VERSION,
        },
        "annotations": [
            {
                "namespace": NAMESPACE,
                "time": 0.0,
                "duration": passage.duration_s,
                "annotation_metadata": {
                    "corpus": "",
                    "version": passage.version,
                    "annotator": {"model": passage.model, "version": passage.version},
                    "annotation_tools": "Auricle",
                    "annotation_rules": "notes cut at onsets, each judged "
                    + ("with its neighbours in mind" if passage.neighbours else "by itself"),
                    "validation": "",
                    "data_source": "program",
                },
                "data": [
                    {
                        "time": note.onset_s,
                        "duration": note.duration_s,
                        "value": note.label,
                        "confidence": note.confidence,
                    }
                    for note in notes
                ],
                "sandbox": {
                    "instrument": passage.instrument,
                    "uncertain": [number for number, note in enumerate(notes) if note.uncertain],
                },
            }
        ],
        "sandbox": {},
    }


def audacity(passage: "Passage") -> str:
    """A label track: see `Passage.to_audacity`. What the model does not vouch for has a question mark."""
    return "".join(f"{note.onset_s:.6f}\t{note.end_s:.6f}\t{caption(note)}\n" for note in passage.notes)


def caption(note: "PassageNote") -> str:
    """A note's label in one line; with a question mark where the model does not vouch for it."""
    if note.label is None:
        return "not usable"
    return " ".join(note.label.split()) + ("?" if note.uncertain else "")


def save(passage: "Passage", path: Path) -> Path:
    """Write a file; see `Passage.save`."""
    kind = path.suffix.lower()
    if kind in PICTURES:
        passage.figure().savefig(path, dpi=150)
    elif kind == ".csv":
        table(passage).to_csv(path, index=False)
    elif kind == ".txt":
        path.write_text(audacity(passage), encoding="utf-8")
    elif kind in (".json", ".jams"):
        content = plain(passage) if kind == ".json" else jams(passage)
        path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    else:
        raise ConfigurationError(
            f"{path} ends in {path.suffix!r}, which is no kind of file that a passage is written as. There"
            f" are .csv, .json, .jams, .txt (Audacity's labels), {', '.join(PICTURES)}."
        )
    return path


def _row(note: "PassageNote") -> dict[str, Any]:
    values = {name: getattr(note, name) for name in COLUMNS[:-1]}
    return {**values, "error": note.prediction.error}
