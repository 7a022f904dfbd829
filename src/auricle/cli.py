"""Where Kedro looks for the project's commands; each is a line here."""

import click

from auricle.commands.check_models import check_models


@click.group(name="Auricle")
def cli() -> None:
    """Commands of Auricle."""


cli.add_command(check_models)
