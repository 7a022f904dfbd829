"""A connection to MLflow that calls nobody else, logs no noise, and fails soon rather than late."""

import logging
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow import MlflowClient

SQLITE = "sqlite:///"
LOCKED_AFTER_S = 5.0
# Set before MLflow is imported, and only where the user has not: no telemetry, no line for every table that
# is made, and an answer from a server that cannot be reached in seconds, where MLflow would try for minutes.
ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_CONFIGURE_LOGGING": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
}


def connect(uri: str) -> "MlflowClient":
    """A client of the tracking store at ``uri``; the tables of a new database are made.

    Raises:
        sqlite3.Error: a SQLite file that is locked, damaged or cannot be written.
        Exception: whatever MLflow raises where it cannot be imported.
    """
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    if uri.startswith(SQLITE):
        _check_writable(Path(uri.removeprefix(SQLITE).partition("?")[0]))
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    from mlflow import MlflowClient

    return MlflowClient(uri, uri)


def _check_writable(database: Path) -> None:
    """MLflow tries for minutes to open what SQLite refuses at once."""
    database.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(database, timeout=LOCKED_AFTER_S, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
