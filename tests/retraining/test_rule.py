"""Who wins: the rule of promotion on predictions that are made up."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from contest_samples import (
    EVALUATION,
    LABELS,
    SAME,
    SEVERAL,
    decided,
    failed,
    make_manifest,
    predict,
)

from auricle.corpora.labels import LabelParams
from auricle.errors import ConfigurationError
from auricle.evaluation.evaluate import kind_of
from auricle.retraining.compared import Candidate, Compared, Grounds, compare
from auricle.retraining.costs import Cost
from auricle.retraining.params import LatencyParams, RuleParams, SizeParams
from auricle.retraining.rule import checks_of, figure_of, improvement

MANIFEST = make_manifest()
WEAK, STRONG = predict(MANIFEST, right=0.6, seed=1), predict(MANIFEST, right=0.85, seed=2)


class TestOutcome:
    def test_better_is_promoted(self, tmp_path: Path) -> None:
        decision = decided(tmp_path, MANIFEST, WEAK, STRONG)
        assert (decision["outcome"], failed(decision)) == ("promoted", [])
        figures = decision["figures"]
        assert (figures["split"], figures["groups"], figures["recordings"]) == ("validation", 40, 240)
        macro_f1 = figures["figures"][figures["decides"]]
        assert macro_f1["challenger"] - macro_f1["champion"] == pytest.approx(macro_f1["difference"])
        assert 0 < macro_f1["low"] < macro_f1["difference"] < macro_f1["high"]
        assert [told["label"] for told in figures["labels"]] == list(LABELS)

    def test_worse_is_not(self, tmp_path: Path) -> None:
        decision = decided(tmp_path, MANIFEST, STRONG, WEAK)
        assert decision["outcome"] == "kept"
        assert "improvement" in failed(decision)
        assert "has to be above 0" in decision["reason"]

    def test_equal_is_kept(self, tmp_path: Path) -> None:
        decision = decided(tmp_path, MANIFEST, STRONG, STRONG)
        assert (decision["outcome"], failed(decision)) == ("kept", ["improvement"])

    def test_better_by_less_than_is_asked_for_is_kept(self, tmp_path: Path) -> None:
        decision = decided(tmp_path, MANIFEST, WEAK, STRONG, rule=RuleParams(min_improvement=0.4))
        assert failed(decision) == ["improvement"]

    def test_the_test_split_is_told_and_decides_nothing(self, tmp_path: Path) -> None:
        on_test = MANIFEST["split"] == "test"
        challenger = pd.concat([STRONG[~on_test], predict(MANIFEST, right=0.1, seed=3)[on_test]])
        decision = decided(tmp_path, MANIFEST, WEAK, challenger)
        assert decision["outcome"] == "promoted"
        assert decision["figures"]["test"]["figures"]["macro_f1"]["high"] < 0

    def test_of_few_groups_nothing_is_shown(self, tmp_path: Path) -> None:
        manifest = make_manifest(groups=12, per_group=30)
        weak, strong = predict(manifest, right=0.3, seed=1), predict(manifest, right=0.95, seed=2)
        decision = decided(tmp_path, manifest, weak, strong)
        assert failed(decision) == ["improvement"]
        assert "4 groups are too few" in decision["reason"]

    def test_equal_models_are_rarely_promoted(self) -> None:
        """Both are right as often, of recordings of their own: it wins where an interval errs."""
        rule, labels = RuleParams(), LabelParams()
        wins = 0
        for seed in range(25):
            pair = [predict(MANIFEST, right=0.7, seed=2 * seed + one) for one in range(2)]
            both = [Candidate({}, frozenset(), table) for table in pair]
            grounds = Grounds(MANIFEST, rule, EVALUATION, labels)
            wins += improvement(compare(*both, grounds, "validation"), rule, EVALUATION)["passed"]
        assert wins <= 3


class TestVetoes:
    """Each of them keeps a challenger that is better over all."""

    def test_a_label_that_has_become_worse(self, tmp_path: Path) -> None:
        champion = predict(MANIFEST, right=0.5, seed=1, of_label={"metal": 1.0})
        challenger = predict(MANIFEST, right=0.95, seed=2, of_label={"metal": 0.6}, sure=0.8)
        decision = decided(tmp_path, MANIFEST, champion, challenger, rule=RuleParams(max_label_drop=0.01))
        assert failed(decision) == ["labels"]
        assert "'metal' is worst off" in decision["reason"]

    def test_unless_it_is_heard_too_seldom(self, tmp_path: Path) -> None:
        champion = predict(MANIFEST, right=0.5, seed=1, of_label={"metal": 1.0})
        challenger = predict(MANIFEST, right=0.95, seed=2, of_label={"metal": 0.6}, sure=0.8)
        for seldom in ({"min_support": 61}, {"min_support_groups": 11}):
            rule = RuleParams(max_label_drop=0.01, **seldom)
            decision = decided(tmp_path / str(seldom), MANIFEST, champion, challenger, rule=rule)
            assert decision["outcome"] == "promoted"

    def test_confidences_that_mean_less(self, tmp_path: Path) -> None:
        challenger = predict(MANIFEST, right=0.85, sure=0.3, seed=2)
        kept = {"calibration_temperature": 1.0}
        rule = RuleParams(max_calibration_worsening=0.2)
        decision = decided(tmp_path, MANIFEST, WEAK, challenger, rule=rule)
        assert decision["outcome"] == "promoted"  # by temperatures that are fitted on validation
        check = _calibration(challenger, rule, kept)
        assert not check["passed"]
        assert check["value"] > 0.4

    def test_but_not_where_that_is_not_shown(self, tmp_path: Path) -> None:
        """Confidences mean as much in both; which ECE is lower of 40 groups is chance."""
        rule, promoted = RuleParams(max_calibration_worsening=0.0), 0
        higher = 0
        for seed in range(10):
            pair = [predict(MANIFEST, right=0.7, seed=2 * seed + one) for one in range(2)]
            compared = _compared(*pair)
            higher += compared.points["challenger"]["ece"][0] > compared.points["champion"]["ece"][0]
            promoted += _check_of(compared, rule)["passed"]
        assert higher >= 3
        assert promoted >= 9

    @pytest.mark.parametrize(
        ("cost", "name"),
        [(Cost(0.31, 1_000_000, 8), "latency_ratio"), (Cost(0.1, 2_100_000, 8), "size_ratio")],
    )
    def test_what_costs_more_than_the_champion_by_a_ratio(
        self, tmp_path: Path, cost: Cost, name: str
    ) -> None:
        rule = RuleParams(latency=LatencyParams(max_ratio=3.0), size=SizeParams(max_ratio=2.0))
        decision = decided(tmp_path, MANIFEST, WEAK, STRONG, rule=rule, costs=SAME | {"challenger": cost})
        assert failed(decision) == [name]

    @pytest.mark.parametrize(
        ("rule", "name"),
        [
            (RuleParams(latency=LatencyParams(max_ratio=None, max_seconds=0.05)), "latency"),
            (RuleParams(size=SizeParams(max_ratio=None, max_megabytes=0.9)), "size"),
        ],
    )
    def test_what_costs_more_than_is_allowed_at_all(
        self, tmp_path: Path, rule: RuleParams, name: str
    ) -> None:
        assert failed(decided(tmp_path, MANIFEST, WEAK, STRONG, rule=rule)) == [name]

    def test_nothing_is_asked_of_what_has_no_limit(self, tmp_path: Path) -> None:
        rule = RuleParams(
            max_calibration_worsening=None,
            latency=LatencyParams(max_ratio=None),
            size=SizeParams(max_ratio=None),
        )
        dear = {"champion": SAME["champion"], "challenger": Cost(9.0, 10**9, 8)}
        decision = decided(tmp_path, MANIFEST, WEAK, STRONG, rule=rule, costs=dear)
        assert [check["name"] for check in decision["checks"]] == ["unheard", "improvement", "labels"]
        assert decision["outcome"] == "promoted"

    def test_times_that_were_asked_for_and_could_not_be_taken(self, tmp_path: Path) -> None:
        untimed = {name: Cost(None, 1_000_000) for name in SAME}
        assert failed(decided(tmp_path, MANIFEST, WEAK, STRONG, costs=untimed)) == ["latency"]


class TestWhatIsJudged:
    def test_a_label_that_the_champion_does_not_know_counts_as_wrong(self, tmp_path: Path) -> None:
        manifest = make_manifest(labels=(*LABELS, "polka"))
        champion = predict(manifest, right=0.9, seed=1)
        challenger = predict(manifest, right=0.9, seed=2, labels=(*LABELS, "polka"))
        decision = decided(tmp_path, manifest, champion, challenger)
        told = {entry["label"]: entry for entry in decision["figures"]["labels"]}
        assert told["polka"]["champion"] == 0
        assert told["polka"]["challenger"] > 0.8
        assert decision["outcome"] == "promoted"

    def test_and_so_does_one_that_the_challenger_has_lost(self, tmp_path: Path) -> None:
        challenger = predict(MANIFEST, right=0.9, seed=2, labels=LABELS[:3])
        decision = decided(tmp_path, MANIFEST, STRONG, challenger)
        assert {"improvement", "labels"} <= set(failed(decision))

    def test_groups_that_the_champion_has_learned_from_are_left_out(self, tmp_path: Path) -> None:
        validation = MANIFEST["split"] == "validation"
        some = validation & MANIFEST["group"].isin(sorted(MANIFEST[validation]["group"].unique())[:10])
        heard = MANIFEST.assign(split=MANIFEST["split"].mask(some, "train"))
        decision = decided(tmp_path, MANIFEST, WEAK, STRONG, heard=heard)
        assert decision["figures"]["groups"] == 30
        (check,) = (entry for entry in decision["checks"] if entry["name"] == "unheard")
        assert check["value"] == 60
        assert "Left out are 60 whose group the champion has learned from" in check["text"]

    def test_where_it_has_learned_from_all_they_cannot_be_compared(self, tmp_path: Path) -> None:
        decision = decided(tmp_path, MANIFEST, WEAK, STRONG, heard=MANIFEST.assign(split="train"))
        assert failed(decision) == ["comparable"]
        assert "the corpus was split anew" in decision["reason"]

    def test_out_of_fold_both_count_where_both_had_not_heard(self, tmp_path: Path) -> None:
        manifest = make_manifest(groups=60, per_group=3, folds=5)
        champion = predict(manifest, right=0.5, seed=1)
        champion.loc[manifest["group"] == "artist-7", "split"] = "train"  # new: it was in none of its folds
        decision = decided(tmp_path, manifest, champion, predict(manifest, right=0.9, seed=2))
        assert decision["outcome"] == "promoted"
        figures = decision["figures"]
        assert (figures["split"], figures["groups"], figures["test"]) == ("out_of_fold", 59, None)

    def test_a_champion_of_other_labels_cannot_be_compared(self, tmp_path: Path) -> None:
        decision = decided(tmp_path, MANIFEST, None, STRONG)
        assert failed(decision) == ["comparable"]
        assert "kedro promote" in decision["reason"]

    def test_of_several_labels_it_is_their_precision_that_counts(self, tmp_path: Path) -> None:
        random = np.random.default_rng(0)
        truth = random.random((len(MANIFEST), len(LABELS))) < 0.4
        truth[:, 0] |= ~truth.any(axis=1)
        several = [[name for name, yes in zip(LABELS, row, strict=True) if yes] for row in truth]
        manifest = MANIFEST.assign(label=None, labels=several)
        tables = []
        for skill in (0.2, 0.6):
            values = skill * truth + (1 - skill) * random.random(truth.shape)
            table = pd.DataFrame(values, columns=list(LABELS))
            tables.append(pd.concat([MANIFEST[["recording_id", "split"]], table], axis=1))
        rule = RuleParams(max_calibration_worsening=None)
        decision = decided(tmp_path / "better", manifest, *tables, rule=rule, labels=SEVERAL)
        assert decision["figures"]["decides"] == "mean_average_precision"
        assert decision["outcome"] == "promoted"
        worse = decided(tmp_path / "worse", manifest, *tables[::-1], rule=rule, labels=SEVERAL)
        assert failed(worse) == ["improvement", "labels"]


class TestFigure:
    def test_that_there_is_not_is_refused_with_those_that_there_are(self) -> None:
        with pytest.raises(ConfigurationError, match="There are accuracy, balanced_accuracy, macro_f1"):
            figure_of(RuleParams(figure="ece"), kind_of(LabelParams()))

    def test_that_is_chosen_decides(self, tmp_path: Path) -> None:
        decision = decided(tmp_path, MANIFEST, WEAK, STRONG, rule=RuleParams(figure="accuracy"))
        assert decision["figures"]["decides"] == "accuracy"
        assert decision["reason"].startswith("accuracy is ")


def _calibration(challenger: pd.DataFrame, rule: RuleParams, config: dict) -> dict:
    """The check of calibration on models whose bundles keep temperatures."""
    return _check_of(_compared(WEAK, challenger, config), rule)


def _compared(champion: pd.DataFrame, challenger: pd.DataFrame, config: dict | None = None) -> Compared:
    both = [Candidate(config or {}, frozenset(), table) for table in (champion, challenger)]
    return compare(*both, Grounds(MANIFEST, RuleParams(), EVALUATION, LabelParams()), "validation")


def _check_of(compared: Compared, rule: RuleParams) -> dict:
    checks = checks_of(compared, SAME, Grounds(MANIFEST, rule, EVALUATION, LabelParams()))
    return next(check for check in checks if check["name"] == "calibration")
