"""Provenance says what a model comes from, the same on every machine."""

import getpass
import json
import platform
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from auricle.models.provenance import git_revision, manifest_digest, package_versions, provenance


@pytest.fixture
def manifest() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "recording_id": ["a1", "b2", "c3", "d4"],
            "path": ["x/1.wav", "x/2.wav", "x/3.wav", "x/4.wav"],
            "label": ["blues", "disco", None, None],
            "labels": [["blues"], ["disco", "funk"], [], None],
            "rating": [0.5, np.nan, 1.0, np.nan],
            "group": ["g1", "g2", "g3", "g4"],
            "split": ["train", "test", "unlabelled", "train"],
            "fold": pd.array([-1, -1, -1, -1], dtype="int64"),
            "status": ["ok", "ok", "ok", "quarantined"],
            "reason": [None, None, None, "empty file"],
        }
    )


class TestManifestDigest:
    def test_order_paths_and_quarantined_rows_do_not_enter(self, manifest):
        moved = manifest.sample(frac=1, random_state=1).assign(path="elsewhere")
        moved.loc[moved["status"] == "quarantined", "label"] = "metal"
        assert manifest_digest(moved) == manifest_digest(manifest)

    def test_it_survives_parquet(self, manifest, tmp_path):
        manifest.to_parquet(tmp_path / "manifest.parquet")
        assert manifest_digest(pd.read_parquet(tmp_path / "manifest.parquet")) == manifest_digest(manifest)

    @pytest.mark.parametrize(
        ("column", "value"),
        [
            ("recording_id", "zz"),
            ("label", "jazz"),
            ("group", "g9"),
            ("split", "test"),
            ("fold", 2),
            ("rating", 0.1),
        ],
    )
    def test_what_training_sees_enters(self, manifest, column, value):
        changed = manifest.copy()
        changed.loc[0, column] = value
        assert manifest_digest(changed) != manifest_digest(manifest)

    def test_further_labels_enter(self, manifest):
        changed = manifest.copy()
        changed.at[0, "labels"] = ["blues", "rock"]
        assert manifest_digest(changed) != manifest_digest(manifest)

    def test_a_recording_that_leaves_quarantine_enters(self, manifest):
        assert manifest_digest(manifest.assign(status="ok")) != manifest_digest(manifest)


class TestProvenance:
    def test_it_is_json_with_versions_counts_and_parameters(self, manifest):
        entry = provenance(
            manifest=manifest,
            params={"epochs": 3},
            seed=7,
            protocol="holdout",
            seconds=1.23456,
            front_end_digest="abc",
            device="cpu",
        )
        assert json.loads(json.dumps(entry)) == entry
        assert entry["versions"]["torch"].startswith("2.11")
        assert entry["data"]["digest"] == manifest_digest(manifest)
        assert entry["data"]["per_split"] == {"train": 1, "test": 1, "unlabelled": 1}
        assert (entry["seed"], entry["seconds"], entry["device"]) == (7, 1.235, "cpu")

    def test_it_names_neither_machine_nor_folders(self, manifest):
        text = json.dumps(
            provenance(
                manifest=manifest, params={}, seed=0, protocol="holdout", seconds=0, front_end_digest="abc"
            )
        )
        for private in (str(Path.home()), str(Path.cwd()), str(Path(__file__).parents[2]), platform.node()):
            assert not private or private not in text
        assert f'"{getpass.getuser()}"' not in text

    def test_a_package_that_is_not_installed_is_left_out(self):
        assert package_versions(["numpy", "no-such-package"]) == {"numpy": np.__version__}


class TestGitRevision:
    @staticmethod
    def git(folder: Path, *arguments: str) -> str:
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
        command = ["git", *identity, "-C", str(folder), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    @pytest.fixture
    def tracked(self, tmp_path) -> Path:
        file = tmp_path / "code.py"
        file.write_text("1\n")
        self.git(tmp_path, "init", "-q")
        self.git(tmp_path, "add", "code.py")
        self.git(tmp_path, "commit", "-qm", "one")
        return file

    def test_a_clean_checkout_gives_its_commit(self, tracked):
        assert git_revision(tracked) == self.git(tracked.parent, "rev-parse", "HEAD")

    def test_a_changed_checkout_says_so(self, tracked):
        tracked.write_text("2\n")
        assert git_revision(tracked) == self.git(tracked.parent, "rev-parse", "HEAD") + "-dirty"

    def test_an_installed_package_below_a_repository_has_no_revision_of_it(self, tracked):
        installed = tracked.parent / ".venv/code.py"
        installed.parent.mkdir()
        installed.write_text("1\n")
        assert git_revision(installed) is None

    def test_a_checkout_of_another_user_gives_its_commit(self, tracked, monkeypatch):
        monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
        with pytest.raises(subprocess.CalledProcessError):
            self.git(tracked.parent, "rev-parse", "HEAD")
        found = git_revision(tracked)
        monkeypatch.delenv("GIT_TEST_ASSUME_DIFFERENT_OWNER")
        assert found == self.git(tracked.parent, "rev-parse", "HEAD")

    def test_an_image_without_a_repository_has_been_told_its_revision(self, tmp_path, monkeypatch):
        monkeypatch.setenv("AURICLE_REVISION", "0123abcd")
        assert git_revision(tmp_path / "code.py") == "0123abcd"
        monkeypatch.setenv("AURICLE_REVISION", "")
        assert git_revision(tmp_path / "code.py") is None

    def test_no_repository_no_revision(self, tmp_path):
        assert git_revision(tmp_path / "code.py") is None
