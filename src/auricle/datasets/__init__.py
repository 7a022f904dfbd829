"""Kedro datasets: how Auricle's artifacts lie on disk. The catalog names them by module and class."""
