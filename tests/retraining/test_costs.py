"""Which recordings models are timed on."""

from pathlib import Path

from contest_samples import make_manifest

from auricle.retraining.costs import timed_files

MANIFEST = make_manifest(groups=60, per_group=2)
FOLDER = Path("recordings")


def test_they_are_spread_over_what_is_judged() -> None:
    files = timed_files(MANIFEST, FOLDER, ("validation", "train"), 4)
    judged = [FOLDER / path for path in MANIFEST.loc[MANIFEST["split"] == "validation", "path"]]
    assert len(set(files)) == 4
    assert {files[0], files[-1]} == {judged[0], judged[-1]}
    assert set(files) <= set(judged)


def test_without_validation_they_are_of_those_that_are_out_of_fold() -> None:
    files = timed_files(make_manifest(groups=20, per_group=2, folds=5), FOLDER, ("validation", "train"), 100)
    assert len(files) == 40


def test_broken_ones_are_left_out_and_none_may_be_asked_for() -> None:
    broken = MANIFEST.assign(status="quarantined")
    broken.loc[broken["split"] == "validation", "status"] = ["ok"] + ["quarantined"] * 39
    assert len(timed_files(broken, FOLDER, ("validation",), 8)) == 1
    assert timed_files(MANIFEST, FOLDER, ("validation",), 0) == []
