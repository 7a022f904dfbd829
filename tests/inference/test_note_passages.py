"""A recording of several notes: each is judged by itself; tables, JSON, JAMS, label tracks and pictures."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from joined_notes import joined, some_notes
from jsonschema import Draft202012Validator

from auricle.errors import AudioError, ConfigurationError, MissingPackageError
from auricle.inference.classifier import AudioClassifier
from auricle.inference.onsets import PassageParams
from auricle.inference.passage import Passage

RATE = 22_050
NUMBER = {"type": "number", "minimum": 0}
TEXT = {"type": "string"}


def of(**properties: Any) -> dict[str, Any]:
    """The schema of an object with exactly these entries."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


# What the published schema and the library jams, which takes no other names, agree on: every name, its type,
# and that of a segment's value in the namespace `segment_open`.
JAMS = of(
    file_metadata=of(
        title=TEXT,
        artist=TEXT,
        release=TEXT,
        duration=NUMBER,
        identifiers={"type": "object"},
        jams_version={"type": "string", "pattern": "^[0-9][.][0-9][.][0-9]$"},
    ),
    annotations={
        "type": "array",
        "items": of(
            namespace={"const": "segment_open"},
            time=NUMBER,
            duration=NUMBER,
            annotation_metadata={
                "type": "object",
                "properties": {
                    "corpus": TEXT,
                    "version": {"type": ["string", "number"]},
                    "annotator": {"type": "object"},
                    "annotation_tools": TEXT,
                    "annotation_rules": TEXT,
                    "validation": TEXT,
                    "data_source": TEXT,
                },
                "additionalProperties": False,
            },
            data={
                "type": "array",
                "items": of(
                    time=NUMBER, duration=NUMBER, value=TEXT, confidence={"type": "number", "maximum": 1}
                ),
            },
            sandbox={"type": "object"},
        ),
    },
    sandbox={"type": "object"},
)


@pytest.fixture(scope="module")
def samples() -> np.ndarray:
    return joined(some_notes("flute", 5, good=True), (0.1, 0.2))[0]


@pytest.fixture(scope="module")
def file(samples: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("passages") / "scale.wav"
    sf.write(path, samples, RATE, subtype="FLOAT")
    return path


@pytest.fixture(scope="module")
def passage(note_bundle, file: Path) -> Passage:
    """Judged by a model that vouches for some of the notes only."""
    sure = AudioClassifier(note_bundle, device="cpu").predict_passage(file, "flute")
    middle = float(np.median([note.calibrated_confidence or 0 for note in sure.notes]))
    model = AudioClassifier(note_bundle, device="cpu", abstain_below=middle)
    return model.predict_passage(file, "flute")


def test_each_note_is_judged_as_if_it_were_alone(note_bundle, passage, samples) -> None:
    model = AudioClassifier(note_bundle, device="cpu", cache_size=0)
    assert len(passage) == 5
    for note in passage.notes:
        start, stop = round(note.onset_s * RATE), round(note.end_s * RATE)
        alone = model.predict(samples[start:stop], sampling_rate=RATE, instrument="flute")
        assert note.prediction.probabilities == pytest.approx(alone.probabilities, abs=1e-4)
        assert (note.label, note.confidence) == (alone.label, pytest.approx(alone.confidence, abs=1e-4))
    assert {note.uncertain for note in passage.notes} == {True, False}


def test_it_knows_what_it_is_of(passage, file, samples) -> None:
    assert (passage.path, passage.instrument) == (str(file), "flute")
    assert passage.duration_s == pytest.approx(len(samples) / RATE)
    assert repr(passage) == f"<Passage {file}: 5 notes in {passage.duration_s:.1f} s>"


def test_samples_say_what_their_file_says(note_bundle, file, samples) -> None:
    model = AudioClassifier(note_bundle, device="cpu", cache_size=0)
    of_file, of_samples = (
        model.predict_passage(file),
        model.predict_passage(samples.astype(np.float64), sampling_rate=RATE),
    )
    assert of_file.notes == of_samples.notes
    assert of_samples.path is None


def test_parameters_and_the_instrument_matter(note_bundle, file, passage, caplog) -> None:
    model = AudioClassifier(note_bundle, device="cpu")
    longest = max(note.duration_s for note in passage.notes)
    fewer = model.predict_passage(file, "flute", params=PassageParams(min_note_s=0.9 * longest))
    assert len(fewer) < len(passage)
    unknown, other = model.predict_passage(file), model.predict_passage(file, "cello")
    for notes in zip(passage.notes, unknown.notes, other.notes, strict=True):
        assert len({note.confidence for note in notes}) == 3
    assert model.predict_passage(file, "tuba").notes == unknown.notes
    assert caplog.text.count("'tuba' is taken as unknown") == 1


def test_a_forest_judges_passages_too(forest_bundle, file) -> None:
    model = AudioClassifier(forest_bundle, device="cpu")
    assert {note.label for note in model.predict_passage(file).notes} <= set(model.labels)


def test_a_passage_that_cannot_be_used_says_why(note_bundle, tmp_path) -> None:
    model = AudioClassifier(note_bundle, device="cpu")
    with pytest.raises(AudioError, match=r"missing\.wav: "):
        model.predict_passage(tmp_path / "missing.wav")
    with pytest.raises(ConfigurationError, match="sampling_rate is None"):
        model.predict_passage(np.zeros(100))


def test_where_nobody_plays_everything_is_empty(note_bundle, tmp_path) -> None:
    empty = AudioClassifier(note_bundle, device="cpu").predict_passage(np.zeros(RATE), sampling_rate=RATE)
    assert len(empty) == 0
    assert empty.to_table().columns.tolist()[:3] == ["onset_s", "duration_s", "label"]
    assert empty.to_audacity() == ""
    Draft202012Validator(JAMS).validate(empty.to_jams())
    assert empty.save(tmp_path / "empty.png").stat().st_size > 0


class TestExports:
    def test_a_table_has_a_row_a_note(self, passage, tmp_path) -> None:
        table = passage.to_table()
        assert table["onset_s"].tolist() == [note.onset_s for note in passage.notes]
        assert table["uncertain"].tolist() == [note.uncertain for note in passage.notes]
        assert (table["answer"] == table["label"]).tolist() == [not note.uncertain for note in passage.notes]
        read = pd.read_csv(passage.save(tmp_path / "passage.csv"))
        assert read["label"].tolist() == table["label"].tolist()
        assert read["confidence"].tolist() == pytest.approx(table["confidence"].tolist())

    def test_json_has_the_probabilities(self, passage, tmp_path) -> None:
        content = json.loads(passage.save(tmp_path / "passage.json").read_text())
        assert content == json.loads(json.dumps(passage.to_dict()))
        assert (content["instrument"], content["model"]) == ("flute", "auricle_note_analyzer")
        assert [entry["probabilities"] for entry in content["notes"]] == [
            note.prediction.probabilities for note in passage.notes
        ]
        assert all(sum(entry["probabilities"].values()) == pytest.approx(1) for entry in content["notes"])

    def test_jams_keeps_to_its_schema(self, passage, tmp_path) -> None:
        content = json.loads(passage.save(tmp_path / "passage.jams").read_text())
        Draft202012Validator(JAMS).validate(content)
        (annotation,) = content["annotations"]
        assert [(entry["time"], entry["duration"], entry["value"]) for entry in annotation["data"]] == [
            (note.onset_s, note.duration_s, note.label) for note in passage.notes
        ]
        assert annotation["sandbox"]["uncertain"] == [
            number for number, note in enumerate(passage.notes) if note.uncertain
        ]
        assert content["file_metadata"]["title"] == "scale.wav"

    def test_audacity_reads_start_end_and_label(self, passage, tmp_path) -> None:
        lines = passage.save(tmp_path / "labels.txt").read_text().splitlines()
        for line, note in zip(lines, passage.notes, strict=True):
            start, end, label = line.split("\t")
            assert (float(start), float(end)) == pytest.approx((note.onset_s, note.end_s), abs=1e-6)
            assert label == f"{note.label}{'?' if note.uncertain else ''}"

    def test_the_picture_shows_each_note(self, passage, tmp_path) -> None:
        names, spectrogram = passage.figure().axes
        assert [text.get_text().rstrip("?") for text in names.texts] == [note.label for note in passage.notes]
        assert sum("?" in text.get_text() for text in names.texts) == sum(
            note.uncertain for note in passage.notes
        )
        assert [line.get_xdata()[0] for line in spectrogram.lines] == [note.onset_s for note in passage.notes]
        (image,) = spectrogram.images
        assert np.ptp(image.get_array()) > 40
        assert passage.save(tmp_path / "passage.png").read_bytes().startswith(b"\x89PNG")

    def test_without_matplotlib_the_picture_names_the_extra(self, passage, monkeypatch) -> None:
        monkeypatch.setitem(sys.modules, "matplotlib", None)
        with pytest.raises(MissingPackageError, match=r"passage needs matplotlib.*\[pipelines\]"):
            passage.figure()

    def test_another_kind_of_file_is_refused(self, passage, tmp_path) -> None:
        with pytest.raises(ConfigurationError, match=r"ends in '\.mp3'.*\.csv, \.json, \.jams, \.txt"):
            passage.save(tmp_path / "passage.mp3")
