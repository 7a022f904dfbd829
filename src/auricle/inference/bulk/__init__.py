"""Predictions over whole libraries of files: incremental, resumable, and never ended by a broken file."""
