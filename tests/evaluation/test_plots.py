"""Drawings show what they are given, and never more than that."""

import re
from collections.abc import Callable

import pytest
from scored_samples import Study

from auricle.evaluation.comparison import compare_models
from auricle.evaluation.evaluate import evaluate_model
from auricle.evaluation.params import EvaluateParams
from auricle.evaluation.plots import (
    comparison_figure,
    confusion_figure,
    curves_figure,
    importances_figure,
    splits_figure,
    training_figure,
)
from auricle.evaluation.svg import to_svg

PARAMS = EvaluateParams(bootstrap_samples=100)
HISTORY = [
    {"epoch": i, "loss": 1 / i, "eval_loss": 1.2 / i, "accuracy": 0.5, "macro_f1": 0.4} for i in (1, 2, 3)
]


class TestTraining:
    def test_curves_hold_every_epoch(self) -> None:
        figure = curves_figure({"history": HISTORY, "best_epoch": 2})
        assert figure is not None
        loss, score = figure.axes
        assert [list(line.get_xdata()) for line in loss.lines[:2]] == [[1, 2, 3], [1, 2, 3]]
        assert list(loss.lines[0].get_ydata()) == [1, 1 / 2, 1 / 3]
        assert list(score.lines[1].get_ydata()) == [0.4] * 3

    def test_importances_are_the_greatest_first(self) -> None:
        rows = [{"feature": f"f{i}", "importance": i / 100, "deviation": 0.0} for i in range(40)]
        figure = importances_figure({"importances": rows}, top=3)
        assert figure is not None
        assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["f39", "f38", "f37"]

    def test_the_picture_is_of_whichever_there_is(self) -> None:
        assert len(training_figure({"history": HISTORY}).axes) == 2
        assert len(training_figure({"importances": [{"feature": "a", "importance": 1.0}]}).axes) == 1
        words = training_figure({}).axes[0].texts[0].get_text()
        assert words == "no history of this training"


class TestComparison:
    def test_dots_intervals_and_majority_are_where_the_figures_are(self, study: Callable[..., Study]) -> None:
        made = study()
        comparison = compare_models({"random_forest": made.weak, "cnn": made.strong}, made.manifest, PARAMS)
        axes = comparison_figure(comparison, "accuracy", ["random_forest", "cnn"]).axes[0]
        drawn = [list(line.get_xdata()) for line in axes.lines]
        for model in ("random_forest", "cnn"):
            entry = comparison["models"][model]["accuracy"]
            assert [entry["low"], entry["high"]] in drawn
            assert [entry["value"]] in drawn
        assert [entry["majority"]] * 2 in drawn
        assert axes.get_xlim() == (0, 1)


class TestOthers:
    def test_confusion_writes_the_counts(self, study: Callable[..., Study]) -> None:
        made = study()
        metrics = evaluate_model(made.strong, made.manifest, PARAMS)
        texts = [text.get_text() for text in confusion_figure(metrics).axes[0].texts]
        counts = [str(count) for row in metrics["confusion"]["counts"] for count in row if count]
        assert texts == counts

    def test_splits_add_up(self) -> None:
        axes = splits_figure({"jazz": {"train": 5, "test": 2}, "rock": {"train": 4, "test": 3}}).axes[0]
        assert sorted(patch.get_width() for patch in axes.patches) == [2, 3, 4, 5]


class TestSvg:
    def test_is_the_same_on_every_run(self) -> None:
        drawings = {
            str(to_svg(training_figure({"history": HISTORY}), name="a", description="d")) for _ in "ab"
        }
        assert len(drawings) == 1

    def test_ids_of_two_drawings_do_not_meet(self) -> None:
        first, second = (
            set(re.findall(r'id="([^"]+)"', to_svg(training_figure({}), name=name, description="")))
            for name in ("a", "b")
        )
        assert first
        assert not first & second

    @pytest.mark.parametrize("label", ["$x^2$", "<b>&\"'"])
    def test_names_are_drawn_as_they_are_written(self, label: str) -> None:
        drawing = str(to_svg(splits_figure({label: {"train": 1}}), name="a", description=label))
        assert "<b>" not in drawing
        assert label.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") in drawing
