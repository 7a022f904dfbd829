"""Random generators by name, so that no clip depends on how many others there are."""

import hashlib

import numpy as np


def named_generator(seed: int, *names: str | int) -> np.random.Generator:
    """A generator that depends on the seed and the names alone, never on the order of calls.

    Args:
        seed: the corpus's random seed.
        names: what the generator is for, for example ``"clip", "jazz", 3, 0``.
    """
    return np.random.default_rng(np.random.SeedSequence([seed, int(named_digest(*names), 16)]))


def named_digest(*names: str | int | float) -> str:
    """32 hexadecimal digits that depend on the names and their order alone."""
    return hashlib.sha256("\x1f".join(map(repr, names)).encode()).hexdigest()[:32]
