"""The sequence model learns where neighbours tell something, and is kept only then; nothing leaks."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from sequence_notes import VOCABULARY, note_rows, some_notes

from auricle.errors import CorpusError
from auricle.evaluation.note_sequence import decide, judge_sequence
from auricle.evaluation.params import EvaluateParams
from auricle.training.note_sequence import TrainedSequence, train_sequence
from auricle.training.note_sequence_params import NoteSequenceParams
from auricle.training.passages import Notes

PARAMS = NoteSequenceParams.model_validate(
    {
        "network": {"projection_size": 4, "hidden_size": 12},
        "folds": 3,
        "orders": 2,
        "epochs": 25,
        "learning_rate": 0.01,
        "device": "cpu",
    }
)
EVALUATION = EvaluateParams(bootstrap_samples=300)
LABELS = pd.Series(["bad"] * 3 + ["good"] * 2 + ["worse"])


@pytest.fixture(scope="module")
def telling() -> tuple[Notes, TrainedSequence]:
    notes = some_notes(telling=True)
    return notes, train_sequence(notes, PARAMS)


class TestPassages:
    def test_each_note_is_in_one_passage_of_its_player_and_instrument(self) -> None:
        notes = some_notes(telling=True, groups=6)
        rows = notes.rows("unheard")
        passages = notes.passages(rows, (4, 5), (0, 1))
        assert sorted(np.concatenate(passages)) == rows.tolist()
        for passage in passages:
            assert len(set(notes.groups[passage])) == 1
            assert len(passage) <= 5
        # 12 notes in passages of 4 or 5: what is left of a player may be shorter.
        assert sum(len(passage) < 4 for passage in passages) <= 6

    def test_one_group_on_two_instruments_makes_passages_of_each(self) -> None:
        rows = note_rows(telling=True, groups=4, test=False)
        rows["instrument"] = ["flute", "cello"] * (len(rows) // 2)
        notes = Notes.of(rows, VOCABULARY)
        for passage in notes.passages(notes.rows("unheard"), (4, 16), (0,)):
            assert rows.loc[passage, "instrument"].nunique() == 1

    def test_the_order_is_drawn_and_the_draw_can_be_repeated(self) -> None:
        notes = some_notes(telling=True, groups=3)
        rows = notes.rows("unheard")
        first, again, other = (notes.passages(rows, (12, 12), (0, epoch)) for epoch in (1, 1, 2))
        assert [passage.tolist() for passage in first] == [passage.tolist() for passage in again]
        assert [passage.tolist() for passage in first] != [passage.tolist() for passage in other]

    def test_no_group_crosses_folds(self) -> None:
        notes = some_notes(telling=True)
        rows = notes.rows("unheard")
        folds = pd.Series(notes.dealt(rows, 5, seed=0)).groupby(notes.groups[rows])
        assert folds.nunique().eq(1).all()
        assert folds.first().value_counts().between(4, 5).all()

    def test_two_groups_are_too_few(self) -> None:
        with pytest.raises(CorpusError, match=r"of 2 groups.*validation_share"):
            train_sequence(some_notes(telling=True, groups=2), PARAMS)

    def test_unknown_classes_are_left_out(self) -> None:
        rows = note_rows(telling=True, groups=4)
        rows.loc[:4, "label"] = "unheard-of"
        assert Notes.of(rows, VOCABULARY).strange == 5
        with pytest.raises(CorpusError, match="a class that the analyzer knows"):
            Notes.of(rows.assign(label="other"), VOCABULARY)


class TestTraining:
    def test_where_neighbours_tell_it_is_kept(self, telling: tuple[Notes, TrainedSequence]) -> None:
        notes, trained = telling
        judged = judge_sequence(trained, notes, LABELS, EVALUATION)
        assert judged["kept"], judged["reason"]
        for part in ("validation", "test"):
            figures = {name: found["macro_f1"]["value"] for name, found in judged[part]["figures"].items()}
            assert figures["sequence"] > figures["note_by_note"] + 0.1 > figures["majority"] + 0.2
            entry = judged[part]["differences"][0]
            assert (entry["model"], entry["than"], entry["figure"]) == (
                "sequence",
                "note_by_note",
                "macro_f1",
            )
            assert 0 < entry["low"] < entry["value"] < entry["high"]
        assert judged["validation"]["notes"] == 24 * 12
        assert judged["test"]["groups"] == 12
        assert trained.epochs == np.median(trained.epochs_of_folds) > 0

    def test_where_they_tell_nothing_it_is_not(self) -> None:
        notes = some_notes(telling=False)
        judged = judge_sequence(train_sequence(notes, PARAMS), notes, LABELS, EVALUATION)
        assert not judged["kept"]
        assert judged["reason"].endswith("does not show it to be better.")

    def test_a_gain_that_single_notes_give_too_is_no_reason(self) -> None:
        """An analyzer that is too fond of a class is corrected without a look at neighbours."""
        notes = some_notes(telling=False)
        fond = notes.probabilities * np.float32([40, 1, 1])
        fond /= fond.sum(axis=1, keepdims=True)
        notes = replace(notes, probabilities=fond)
        judged = judge_sequence(train_sequence(notes, PARAMS), notes, LABELS, EVALUATION)
        over = {entry["than"]: entry["verdict"] for entry in judged["validation"]["differences"][::2]}
        assert over["note_by_note"] == "better"
        assert not judged["kept"]
        assert "for the same network without neighbours" in judged["reason"]

    def test_test_notes_have_no_say(self, telling: tuple[Notes, TrainedSequence]) -> None:
        notes, trained = telling
        generator = np.random.default_rng(1)
        test = notes.rows("test")
        targets, embeddings = notes.targets.copy(), notes.embeddings.copy()
        targets[test] = generator.permutation(targets[test])
        embeddings[test] = generator.normal(size=embeddings[test].shape)
        changed = replace(notes, targets=targets, embeddings=embeddings)
        again = train_sequence(changed, PARAMS)
        np.testing.assert_array_equal(again.validation.sequence, trained.validation.sequence)
        for name, weights in trained.model.state_dict().items():
            np.testing.assert_array_equal(again.model.state_dict()[name], weights)

    def test_what_a_fold_is_judged_by_did_not_see_it(self, telling: tuple[Notes, TrainedSequence]) -> None:
        """Other labels of the notes of one fold change what is said of others, and not what is said of it."""
        notes, trained = telling
        rows = notes.rows("unheard")
        folds = notes.dealt(rows, PARAMS.folds, PARAMS.seed)
        targets = notes.targets.copy()
        targets[rows[folds == 0]] = (targets[rows[folds == 0]] + 1) % 3
        again = train_sequence(replace(notes, targets=targets), PARAMS)
        of_fold = np.tile(folds == 0, PARAMS.orders)
        before, after = trained.validation.sequence, again.validation.sequence
        np.testing.assert_array_equal(before[of_fold], after[of_fold])
        assert not np.allclose(before[~of_fold], after[~of_fold])

    def test_training_recordings_are_learned_from_only_if_asked(
        self, telling: tuple[Notes, TrainedSequence]
    ) -> None:
        rows = note_rows(telling=True, groups=6)
        heard = note_rows(telling=True, groups=4, test=False, seed=9)
        heard = heard.assign(part="heard", group="heard-" + heard["group"], recording_id="h" + heard["group"])
        few = PARAMS.model_copy(update={"epochs": 2})
        both = Notes.of(pd.concat([rows, heard], ignore_index=True), VOCABULARY)
        alone, beside, asked = (
            train_sequence(notes, params).validation.sequence
            for notes, params in (
                (Notes.of(rows, VOCABULARY), few),
                (both, few),
                (both, few.model_copy(update={"heard_notes": True})),
            )
        )
        np.testing.assert_array_equal(alone, beside)
        assert asked.shape == alone.shape
        assert not np.array_equal(asked, alone)

    def test_without_test_notes_the_reader_is_told(self) -> None:
        notes = some_notes(telling=False, groups=6, test=False)
        few = PARAMS.model_copy(update={"epochs": 1})
        judged = judge_sequence(train_sequence(notes, few), notes, LABELS, EVALUATION)
        assert judged["test"] is None
        assert "no test notes" in judged["warnings"][0]


class TestDecision:
    def test_nothing_is_kept_for_what_few_groups_show(self) -> None:
        decision = decide({"groups": 3}, EVALUATION)
        assert not decision.kept
        assert "from 3 groups" in decision.reason

    @pytest.mark.parametrize(
        ("wrong", "message"),
        [
            ({"notes": [8, 4]}, "fewest notes of a passage come first"),
            ({"notes": [1, 4]}, "greater than or equal to 2"),
            ({"folds": 2}, "greater than or equal to 3"),
            ({"hidden_size": 8}, "Extra inputs"),
        ],
    )
    def test_parameters_that_cannot_work_are_refused(self, wrong: dict, message: str) -> None:
        with pytest.raises(ValidationError, match=message):
            NoteSequenceParams.model_validate(wrong)
