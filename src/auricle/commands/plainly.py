"""How every command of the project says what went wrong."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from auricle.errors import AuricleError


@contextmanager
def plainly() -> Iterator[None]:
    """Say an error that a user is meant to read without a traceback, and exit with 1."""
    try:
        yield
    except AuricleError as error:
        raise click.ClickException(str(error)) from error
