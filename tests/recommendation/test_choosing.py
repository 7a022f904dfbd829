"""What stands on the list: the best, not too alike, not too many of one artist."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from auricle.recommendation.choice import choose, directions_of

RATINGS = np.array([0.9, 0.85, 0.8, 0.3], np.float32)
# The second is nearly the first, the third is another direction.
EMBEDDINGS = np.array([[1, 0], [0.99, 0.01], [0, 1], [-1, -1]], np.float32)
ARTISTS = np.array(["a", "a", "a", "b"], dtype=object)


def chosen(count: int = 4, diversity: float = 0.0, most: int | None = None) -> list[int]:
    return choose(
        RATINGS, directions_of(EMBEDDINGS), ARTISTS, count=count, diversity=diversity, max_per_artist=most
    ).tolist()


class TestList:
    def test_without_diversity_is_in_the_order_of_ratings(self) -> None:
        assert chosen() == [0, 1, 2, 3]
        assert chosen(2) == [0, 1]

    def test_with_diversity_passes_over_what_is_alike(self) -> None:
        assert chosen(2, diversity=0.3) == [0, 2]

    def test_of_diversity_alone_goes_by_what_is_least_alike(self) -> None:
        assert chosen(2, diversity=1.0) == [0, 3]

    def test_of_diversity_alone_begins_with_the_best_rated(self) -> None:
        ratings = np.array([0.1, 0.9, 0.8], np.float32)
        alike = directions_of(np.eye(3, dtype=np.float32))
        artists = np.array(["a", "b", "c"], object)
        found = choose(ratings, alike, artists, count=3, diversity=1.0, max_per_artist=None)
        assert found[0] == 1

    def test_has_so_many_of_an_artist(self) -> None:
        assert chosen(most=1) == [0, 3]
        assert chosen(most=2) == [0, 1, 3]

    def test_of_nothing_is_empty(self) -> None:
        empty = np.zeros(0, np.float32)
        found = choose(
            empty,
            np.zeros((0, 2), np.float32),
            empty.astype(object),
            count=3,
            diversity=0.5,
            max_per_artist=1,
        )
        assert found.shape == (0,)

    @settings(max_examples=30, deadline=None)
    @given(
        seed=st.integers(0, 1000),
        count=st.integers(1, 12),
        diversity=st.floats(0, 1),
        most=st.none() | st.integers(1, 3),
    )
    def test_is_as_long_as_it_can_be_and_names_none_twice(
        self, seed: int, count: int, diversity: float, most: Any
    ) -> None:
        random = np.random.default_rng(seed)
        artists = random.integers(0, 4, 10).astype(object)
        found = choose(
            random.uniform(size=10).astype(np.float32),
            directions_of(random.normal(size=(10, 3)).astype(np.float32)),
            artists,
            count=count,
            diversity=diversity,
            max_per_artist=most,
        )
        counts = [int((artists == artist).sum()) for artist in set(artists)]
        there = sum(min(each, most or each) for each in counts)
        assert len(set(found.tolist())) == len(found) == min(count, there)
        if most:
            assert max(np.unique(artists[found].astype(int), return_counts=True)[1]) <= most


def test_embeddings_that_are_all_the_same_change_nothing() -> None:
    same = directions_of(np.ones((4, 2), np.float32))
    found = choose(RATINGS, same, ARTISTS, count=4, diversity=0.5, max_per_artist=None)
    assert found.tolist() == [0, 1, 2, 3]
