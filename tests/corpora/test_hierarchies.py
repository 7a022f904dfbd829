"""The hierarchies of labels that come with Auricle."""

import pytest
from pydantic import ValidationError

from auricle.audio.synthesis.notes import LABELS
from auricle.corpora.hierarchy import GOOD_SOUNDS, read_hierarchy
from auricle.corpora.labels import LabelParams, ancestors_by_level, lineage

PARENTS = read_hierarchy(GOOD_SOUNDS)


class TestAncestors:
    def test_are_numbered_on_each_level_that_takes_classes_together(self) -> None:
        vocabulary = ("bad-attack-air", "air-inside", "good-sound", "bad-attack", "air-outside")
        assert ancestors_by_level(vocabulary, PARENTS) == [[0, 0, 1, 0, 0], [0, 1, 2, 0, 1]]

    def test_are_none_where_the_hierarchy_is_flat_or_of_other_labels(self) -> None:
        assert ancestors_by_level(("rock", "jazz"), {}) == []
        assert ancestors_by_level(("rock", "jazz"), PARENTS) == []

    def test_leave_out_a_level_of_one_label_or_of_the_classes_themselves(self) -> None:
        assert ancestors_by_level(("air-inside", "air-outside", "bad-attack-air"), PARENTS) == [[0, 0, 1]]


class TestGoodSounds:
    def test_everything_is_good_or_bad(self) -> None:
        assert {lineage(label, PARENTS)[0] for label in PARENTS} == {"good", "bad"}

    def test_has_three_levels(self) -> None:
        depths = {len(lineage(label, PARENTS)) for label in PARENTS}
        assert depths == {2, 3}

    @pytest.mark.parametrize("label", LABELS)
    def test_has_every_synthesized_label_below_a_quality(self, label: str) -> None:
        quality, aspect, *specific = lineage(label, PARENTS)
        assert quality == ("good" if label.startswith("good") else "bad")
        # A label that names no more than an aspect stands for its own specific.
        assert [aspect, *specific][-1] == label

    @pytest.mark.parametrize("label", [label for label in LABELS if label.count("-") > 1])
    def test_a_specific_begins_with_its_aspect(self, label: str) -> None:
        aspect = lineage(label, PARENTS)[1]
        assert label.startswith(aspect)

    def test_is_found_by_its_name(self) -> None:
        assert LabelParams(parents="good_sounds", levels=("quality", "aspect", "specific")).parents == PARENTS

    def test_a_name_that_is_none_is_refused(self) -> None:
        with pytest.raises(ValidationError, match="bad_sounds cannot be read"):
            LabelParams(parents="bad_sounds")
