"""The layout of Donate a Cry, on names in the form that they have."""

import logging
from pathlib import Path

import pandas as pd
import pytest
from corpus_builders import write_files

from auricle.corpora.data_report import describe_corpus
from auricle.corpora.layouts import read_layout
from auricle.corpora.manifest import build_manifest
from auricle.corpora.params import IngestParams
from auricle.errors import ConfigurationError

ANDROID = "549a46d8-9c84-430e-ade8-97eae2bef787"
IOS = "643D64AD-B711-469A-AF69-55C0D5D3E30F"
NAMES = (
    f"belly_pain/{ANDROID}-1430130772174-1.7-m-48-bp.flac",
    f"belly_pain/{IOS}-1430138495-1.0-f-72-bp.flac",
    f"discomfort/{ANDROID}-1430130779174-1.7-m-04-ch.flac",
    f"hungry/{ANDROID}-1430130780174-1.7-m-22-hu.flac",
)


def read(root: Path, *paths: str, **options: object) -> pd.DataFrame:
    write_files(root, paths)
    return read_layout("donateacry", root, options).set_index("path")


class TestNames:
    def test_are_parsed(self, tmp_path: Path) -> None:
        row = read(tmp_path, *NAMES).loc[NAMES[0]]
        assert row["label"] == "belly_pain"
        assert row["meta_instance"] == ANDROID
        assert row["meta_recorded_ms"] == "1430130772174"
        assert row["meta_app_version"] == "1.7"
        assert (row["meta_gender"], row["meta_age"], row["meta_reason"]) == ("m", "48", "bp")

    def test_of_ios_have_seconds_and_capitals(self, tmp_path: Path) -> None:
        row = read(tmp_path, *NAMES).loc[NAMES[1]]
        assert row["meta_recorded_ms"] == "1430138495000"
        assert row["meta_instance"] == IOS.lower()

    @pytest.mark.parametrize(
        ("name", "instance"),
        [
            (f"{IOS}-1430138495-1.0-m-72-bp_louder", IOS.lower()),
            (f"{IOS}-14301384-1.0-m-72-bp", IOS.lower()),
            ("cry 17", None),
        ],
    )
    def test_of_another_form_lose_nothing(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, instance: str | None
    ) -> None:
        with caplog.at_level(logging.WARNING):
            row = read(tmp_path, f"tired/{name}.wav").iloc[0]
        assert row["label"] == "tired"
        assert (row["meta_instance"] if instance else pd.isna(row["meta_instance"])) == (instance or True)
        assert pd.isna(row["meta_reason"])
        assert "1 names are not of the form" in caplog.text


class TestLabels:
    @pytest.mark.parametrize(
        ("code", "label"),
        [("hu", "hungry"), ("bu", "burping"), ("bp", "belly_pain"), ("dc", "discomfort"), ("ti", "tired"),
         ("ch", "discomfort"), ("lo", "lonely"), ("sc", "scared")],
    )  # fmt: skip
    def test_are_the_reason_where_no_folder_says_them(self, tmp_path: Path, code: str, label: str) -> None:
        path = f"upload-bucket/{ANDROID}-1430130772174-1.7-m-48-{code}.flac"
        assert read(tmp_path, path).loc[path, "label"] == label

    @pytest.mark.parametrize("code", ["dk", "zz"])
    def test_are_missing_where_the_reason_is_not_known(
        self, tmp_path: Path, code: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        path = f"{ANDROID}-1430130772174-1.7-m-48-{code}.flac"
        with caplog.at_level(logging.WARNING):
            assert pd.isna(read(tmp_path, path).loc[path, "label"])
        assert ("Unknown reason codes" in caplog.text) == (code == "zz")

    @pytest.mark.parametrize("folder", ["belly pain", "Belly-Pain", "train/belly_pain/device 2"])
    def test_are_of_the_nearest_folder_that_is_one(self, tmp_path: Path, folder: str) -> None:
        assert read(tmp_path, f"{folder}/a.wav").iloc[0]["label"] == "belly_pain"

    def test_of_other_folders_are_had_by_name(self, tmp_path: Path) -> None:
        assert pd.isna(read(tmp_path, "laugh/a.wav").iloc[0]["label"])
        assert read(tmp_path, "laugh/a.wav", further_labels=["laugh"]).iloc[0]["label"] == "laugh"

    @pytest.mark.parametrize(("rule", "label"), [("folder", "tired"), ("code", "hungry"), ("exclude", None)])
    def test_that_contradict_the_reason_follow_the_rule(
        self, tmp_path: Path, rule: str, label: str | None, caplog: pytest.LogCaptureFixture
    ) -> None:
        path = f"tired/{ANDROID}-1430130772174-1.7-m-48-hu.flac"
        with caplog.at_level(logging.WARNING):
            row = read(tmp_path, path, on_conflict=rule).loc[path]
        assert (row["label"] if label else pd.isna(row["label"])) == (label or True)
        assert "1 recordings lie in a folder that contradicts" in caplog.text
        assert row["meta_reason"] == "hu"

    def test_of_heat_and_cold_are_no_contradiction(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.WARNING):
            read(tmp_path, *NAMES)
        assert not caplog.records

    def test_rule_is_one_of_three(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationError, match="'folder', 'code' or 'exclude'"):
            read(tmp_path, NAMES[0], on_conflict="first")


@pytest.mark.parametrize("name", ["{}-1430130780174-1.7-m-22-hu-pitch2", "aug_{}-1430130780174-1.7-m-22-hu"])
def test_an_altered_copy_stays_with_its_original(tmp_path: Path, name: str) -> None:
    table = read(tmp_path, NAMES[3], f"hungry/{name.format(ANDROID)}.flac")
    assert table["meta_instance"].tolist() == [ANDROID.lower()] * 2


@pytest.mark.real_data
def test_the_whole_corpus_in_folds_by_app_instance(real_data: Path) -> None:
    layout = read_layout("donateacry", real_data / "donateacry", {})
    assert layout["label"].value_counts().to_dict() == {
        "hungry": 382, "discomfort": 27, "tired": 24, "belly_pain": 16, "burping": 8,
    }  # fmt: skip
    assert layout["meta_instance"].nunique() == 221
    assert layout["meta_recorded_ms"].str.len().eq(13).all()
    files = pd.DataFrame({"path": layout["path"], "duration_s": 7.0, "sample_rate": 8000, "channels": 1})
    files["recording_id"] = [f"{number:016x}" for number in range(len(files))]
    params = IngestParams(
        layout="donateacry", group_by=("instance",), protocol="grouped_k_fold", majority_warning=0.8
    )
    manifest, _ = build_manifest(files.assign(status="ok", reason=None), layout, None, params)
    assert manifest["group"].nunique() == 221
    report = describe_corpus(manifest, params)
    assert any("24 of 221 groups carry several labels" in warning for warning in report["warnings"])
    assert all(row["evaluated_groups"] >= 3 for row in report["classes"])
