"""Corpora: readers of dataset layouts, the manifest, groups, splits and what the data look like."""
