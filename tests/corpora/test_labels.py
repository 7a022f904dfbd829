"""Several labels a recording: what implies what, and what is refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from auricle.corpora.labels import MULTI, LabelParams, indicators, label_lists, label_path, lineage

PARENTS = {"hardcore": "punk", "punk": "rock"}


class TestHierarchy:
    def test_a_child_implies_all_its_ancestors(self) -> None:
        lists = label_lists(pd.Series([["hardcore"], ["punk", "jazz"], []]), PARENTS)
        assert lists.tolist() == [["rock", "punk", "hardcore"], ["rock", "punk", "jazz"], []]

    def test_a_label_that_is_implied_twice_is_there_once(self) -> None:
        assert label_lists(pd.Series([["rock", "hardcore"]]), PARENTS).tolist() == [
            ["rock", "punk", "hardcore"]
        ]

    def test_the_path_begins_at_the_top(self) -> None:
        assert label_path("hardcore", PARENTS) == "rock › punk › hardcore"
        assert lineage("jazz", PARENTS) == ("jazz",)

    def test_a_circle_is_refused_with_its_way(self) -> None:
        with pytest.raises(ValidationError, match="circle: a -> b -> a"):
            LabelParams(problem_type=MULTI, parents={"a": "b", "b": "a"})

    def test_is_read_from_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "parents.yml").write_text("punk: rock\nhardcore: punk\n")
        (tmp_path / "genres.csv").write_text(
            "genre_id,#tracks,parent,title,top_level\n12,9,0,Rock,12\n25,3,12,Punk,12\n89,1,25,Hardcore,12\n"
        )
        for name, top in (("parents.yml", "rock"), ("genres.csv", "Rock")):
            labels = LabelParams.model_validate({"problem_type": MULTI, "parents": str(tmp_path / name)})
            child = "hardcore" if top == "rock" else "Hardcore"
            assert lineage(child, labels.parents)[0] == top
            assert len(lineage(child, labels.parents)) == 3

    @pytest.mark.parametrize(
        ("name", "content", "message"),
        [
            ("missing.yml", None, "cannot be read as a hierarchy"),
            ("list.yml", "- rock\n", "write a line `child: parent`"),
            ("genres.csv", "genre_id,parent,title\n25,12,Punk\n", "the parent 12, which it does not list"),
        ],
    )
    def test_a_file_that_is_none_is_refused(
        self, tmp_path: Path, name: str, content: str | None, message: str
    ) -> None:
        if content is not None:
            (tmp_path / name).write_text(content)
        with pytest.raises(ValidationError, match=message):
            LabelParams.model_validate({"problem_type": MULTI, "parents": str(tmp_path / name)})


class TestParams:
    def test_what_has_no_effect_on_one_class_is_refused(self) -> None:
        with pytest.raises(ValidationError, match="has no effect where each recording has one class"):
            LabelParams(min_recordings=3)

    def test_one_class_may_have_a_hierarchy_above_it(self) -> None:
        labels = LabelParams(parents=PARENTS, levels=("broad", "narrow", "finest"))
        assert not labels.is_multi
        assert [labels.level_name(level) for level in (1, 2, 3)] == ["broad", "narrow", "finest"]
        assert LabelParams(parents=PARENTS).level_name(2) == "level 2"

    @pytest.mark.parametrize(
        ("levels", "message"),
        [
            (("broad", "narrow"), "names 2 levels .broad, narrow., and the hierarchy of parents has 3"),
            (("a", "b", "a"), "a name twice"),
        ],
    )
    def test_levels_that_are_not_those_of_the_hierarchy_are_refused(
        self, levels: tuple[str, ...], message: str
    ) -> None:
        with pytest.raises(ValidationError, match=message):
            LabelParams(parents=PARENTS, levels=levels)


def test_indicators_pass_unknown_labels_by() -> None:
    found = indicators(pd.Series([["a", "x"], [], ["b", "a"]]), ("a", "b"))
    assert np.array_equal(found, [[1, 0], [0, 0], [1, 1]])
    assert found.dtype == np.float32
