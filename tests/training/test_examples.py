"""Which recordings are trained on, under which numbers, and how they are dealt into trainings."""

import numpy as np
import pandas as pd
import pytest
from tiny_corpus import TinyCorpus

from auricle.errors import CorpusError
from auricle.training.folds import partitions
from auricle.training.vocabulary import balanced_weights, read_examples, shuffled


class TestExamples:
    def test_are_the_usable_labelled_recordings(self, corpus: TinyCorpus) -> None:
        manifest = corpus.manifest.copy()
        manifest.loc[0, "status"] = "quarantined"
        manifest.loc[1, "label"] = None
        manifest.loc[2, "split"] = "unlabelled"
        assert set(read_examples(manifest).recording_ids) == set(manifest["recording_id"][3:])

    def test_do_not_depend_on_the_order_of_the_manifest(self, corpus: TinyCorpus) -> None:
        examples = read_examples(corpus.manifest)
        again = read_examples(corpus.manifest.sample(frac=1, random_state=3))
        assert list(again.recording_ids) == list(examples.recording_ids)
        assert np.array_equal(again.targets, examples.targets)

    def test_have_the_sorted_labels_of_all_splits_as_vocabulary(self, corpus: TinyCorpus) -> None:
        manifest = corpus.manifest.copy()
        manifest.loc[1, "label"] = "in the test split only"
        assert read_examples(manifest).vocabulary == ("in the test split only", "noise", "pulse", "sweep")

    @pytest.mark.parametrize(("label", "found"), [("pulse", "only 'pulse'"), (None, "none")])
    def test_need_two_labels(self, corpus: TinyCorpus, label: str | None, found: str) -> None:
        manifest = corpus.manifest.assign(label=label)
        with pytest.raises(CorpusError, match=f"at least two labels .* there is {found}"):
            read_examples(manifest)

    def test_have_folds_all_or_none(self, folded: TinyCorpus) -> None:
        manifest = folded.manifest.copy()
        manifest.loc[0, "fold"] = -1
        with pytest.raises(CorpusError, match="1 of 18 labelled recordings have no fold"):
            read_examples(manifest)


class TestHoldout:
    def test_is_one_training_that_never_sees_the_test_split(self, corpus: TinyCorpus) -> None:
        examples = read_examples(corpus.manifest)
        (part,) = partitions(examples)
        assert set(examples.splits[part.train]) == {"train"}
        assert set(examples.splits[part.validation]) == {"validation"}
        assert (len(part.train), len(part.validation), len(part.test)) == (12, 3, 0)

    @pytest.mark.parametrize("split", ["train", "validation"])
    def test_refuses_an_empty_split(self, corpus: TinyCorpus, split: str) -> None:
        manifest = corpus.manifest.assign(split=corpus.manifest["split"].replace(split, "test"))
        with pytest.raises(CorpusError, match=f"The split '{split}' has no labelled recordings"):
            partitions(read_examples(manifest))

    def test_refuses_a_training_split_of_one_class(self, corpus: TinyCorpus) -> None:
        manifest = corpus.manifest[
            (corpus.manifest["split"] != "train") | (corpus.manifest["label"] == "pulse")
        ]
        with pytest.raises(CorpusError, match="'final' \\(4\\) have one label only"):
            partitions(read_examples(manifest))


class TestFolds:
    def test_test_every_recording_once_and_learn_from_none_that_they_test_or_validate_on(
        self, folded: TinyCorpus
    ) -> None:
        examples = read_examples(folded.manifest)
        *folds, final = partitions(examples)
        assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(len(examples)))
        for part in [*folds, final]:
            indices = np.concatenate([part.train, part.validation, part.test])
            assert sorted(indices) == list(range(len(examples)))
            assert not set(examples.folds[part.train]) & set(examples.folds[part.validation])

    def test_need_three(self, folded: TinyCorpus) -> None:
        manifest = folded.manifest.assign(fold=folded.manifest["fold"] % 2)
        with pytest.raises(CorpusError, match="has 2 folds"):
            partitions(read_examples(manifest))

    def test_need_recordings_in_each(self, folded: TinyCorpus) -> None:
        manifest = folded.manifest.assign(fold=folded.manifest["fold"].replace(1, 3))
        with pytest.raises(CorpusError, match=r"has 4 folds, of which 1 without recordings \[1\]"):
            partitions(read_examples(manifest))

    def test_may_be_nullable_integers(self, folded: TinyCorpus) -> None:
        manifest = folded.manifest.assign(fold=pd.array(folded.manifest["fold"], dtype="Int64"))
        assert len(partitions(read_examples(manifest))) == 4


class TestClassWeights:
    def test_make_all_classes_count_the_same(self) -> None:
        targets = np.array([0, 0, 0, 1, 2, 2])
        weights = balanced_weights(targets, 3)
        assert np.bincount(targets, weights[targets]) == pytest.approx([2, 2, 2])

    def test_are_neutral_for_a_class_without_examples(self) -> None:
        assert balanced_weights(np.array([0, 0, 2, 2]), 3) == pytest.approx([1, 1, 1])


class TestShuffledLabels:
    def test_keep_the_number_of_each_and_lose_the_recordings(self) -> None:
        targets = np.repeat(np.arange(4), 50)
        dealt = shuffled(targets, seed=1)
        assert np.array_equal(np.bincount(dealt), np.bincount(targets))
        assert (dealt == targets).mean() < 0.4
        assert np.array_equal(dealt, shuffled(targets, seed=1))
