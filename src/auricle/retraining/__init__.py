"""Keeping models fresh: what has changed since a training, whether to train again, and what came of it."""
