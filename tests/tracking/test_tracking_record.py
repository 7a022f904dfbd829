"""What trackers are told of a bundle: every parameter, every epoch, every figure with its interval."""

from itertools import pairwise
from pathlib import Path

from tracked_bundle import metrics, tracked_bundle, training

from auricle.tracking.record import batches, figures_of, parameters_of, parts_of


class TestParameters:
    def test_are_flattened_under_names_that_mlflow_takes(self, tmp_path: Path) -> None:
        found = parameters_of(tracked_bundle(tmp_path))
        assert found["model.kind"] == "cnn"
        assert found["model.channels"] == "[4, 8]"
        assert found["labels.parents.r_b_soul"] == "pop"
        assert found["front_end.n_mels"] == "16"
        assert found["seed"] == "7"
        assert found["data.digest"] == "d" * 64


class TestParts:
    def test_of_a_network_are_its_epochs(self) -> None:
        (final,) = parts_of(training(epochs=3))
        losses = [(point.step, point.value) for point in final.points if point.name == "validation/loss"]
        assert losses == [(1, 2.0), (2, 1.0), (3, 2 / 3)]
        assert ("best_epoch", 3.0) in [(point.name, point.value) for point in final.points]

    def test_follow_each_other_and_end_when_the_training_did(self) -> None:
        parts = parts_of(training(epochs=3, folds=2))
        assert [part.name for part in parts] == ["fold-0", "fold-1", "final"]
        for before, after in pairwise(parts):
            assert before.begun < before.ended == after.begun
        assert parts[-1].ended == 1_767_323_045_000  # 2026-01-02T03:04:05Z

    def test_of_a_fold_have_its_figures_out_of_fold(self) -> None:
        *_, fold, _ = parts_of(training(folds=2))
        assert {p.name: p.value for p in fold.points if p.name.startswith("out")} == {
            "out_of_fold/loss": 0.5,
            "out_of_fold/macro_f1": 0.25,
        }

    def test_of_a_forest_have_a_time_and_no_epochs(self) -> None:
        forest = {
            key: value for key, value in training().items() if key not in ("history", "best_epoch", "folds")
        }
        (final,) = parts_of(forest)
        assert final.points == []
        assert final.ended - final.begun == 6000


class TestFigures:
    def test_stand_beside_interval_and_baseline(self) -> None:
        judged = metrics()
        found, accuracy = figures_of(judged), judged["figures"]["accuracy"]
        assert found["test/accuracy"] == accuracy["value"]
        assert (
            found["test/accuracy_low"] == accuracy["low"] <= accuracy["high"] == found["test/accuracy_high"]
        )
        assert found["test/accuracy_baseline"] == accuracy["majority"]

    def test_that_are_not_defined_are_left_out(self) -> None:
        judged = metrics()
        judged["figures"]["mcc"] |= {"value": None, "low": None, "high": None, "majority": None}
        assert not any(name.startswith("test/mcc") for name in figures_of(judged))


def test_batches_lose_nothing() -> None:
    assert [len(batch) for batch in batches(range(7), 3)] == [3, 3, 1]
