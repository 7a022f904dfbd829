"""Parameters of ingestion: working defaults, and contradictions refused before anything is read."""

import pytest
from pydantic import ValidationError

from auricle.corpora.params import IngestParams


def test_defaults_work() -> None:
    params = IngestParams()
    assert params.layout == "audiofolder"
    assert params.group_by == ("recording",)


def test_group_by_is_one_or_several() -> None:
    assert IngestParams(group_by="artist").group_by == ("artist",)
    assert IngestParams(group_by=["artist", "album"]).group_by == ("artist", "album")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"layout": "zip"}, "Unknown layout 'zip'. Known layouts: audiofolder, donateacry, esc50"),
        (
            {"layout": "gtzan", "layout_options": {"lists": 1}},
            "layout 'gtzan' cannot work: lists: Extra inputs",
        ),
        ({"colour": 1}, "Extra inputs are not permitted"),
        (
            {"validation_share": 0.5, "test_share": 0.5},
            "leave nothing to train on: their sum must be below 1",
        ),
        ({"test_share": 0.0}, "greater than or equal to 0.01"),
        ({"near_duplicates": {"min_share": 0.1}}, "greater than or equal to 0.2"),
        ({"near_duplicates": {"min_peaks": 5}}, "greater than or equal to 20"),
        ({"near_duplicates": {"max_hashes": 10}}, "greater than or equal to 100000"),
        ({"folds": 2}, "greater than or equal to 3"),
        ({"protocol": "loo"}, "'holdout' or 'grouped_k_fold'"),
        ({"group_by": ["recording", "artist"]}, "contradicts itself"),
        ({"group_by": []}, "at least 1 item"),
        ({"group_by": "file_name_pattern"}, "needs group_pattern"),
        ({"group_pattern": "(a)"}, r"'\(a\)' is never used: group_by is \['recording'\]"),
        ({"group_by": "file_name_pattern", "group_pattern": "(a"}, "is no regular expression"),
        ({"group_by": "file_name_pattern", "group_pattern": "a"}, "captures nothing"),
    ],
)
def test_refuses(given: dict, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        IngestParams(**given)
