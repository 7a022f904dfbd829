"""Similarity search by what a model makes of recordings: `open_index("genre.cnn").query("song.mp3")`."""

from auricle.similarity.index import SimilarityIndex
from auricle.similarity.opening import open_index
from auricle.similarity.query import Answer

__all__ = ["Answer", "SimilarityIndex", "open_index"]
