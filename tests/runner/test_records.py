"""What makes a node run again, by what its outputs are."""

import pytest

from auricle.datasets.fingerprint import DAMAGED, MISSING
from auricle.runner.records import NodeState, changes


@pytest.mark.parametrize(
    ("found", "reason"),
    [("b1", None), ("b2", None), (MISSING, "champion is gone"), (DAMAGED, "champion is damaged")],
)
def test_a_champion_may_be_another_but_has_to_be_whole(found: str, reason: str | None) -> None:
    before = NodeState({"f": "1"}, {"bundle": "2"}, {"champion": "b1"})
    now = NodeState({"f": "1"}, {"bundle": "2"}, {"champion": found})
    assert changes(before, now, {"champion"}) == reason
