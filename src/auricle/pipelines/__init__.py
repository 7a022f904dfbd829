"""Kedro pipelines: thin nodes that hand catalog entries to the functions of the other packages."""
