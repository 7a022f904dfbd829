"""Where Kedro looks for the project's commands; each is a line here."""

import click

from auricle.commands.champion import champion, promote, prune, rollback
from auricle.commands.check_models import check_models
from auricle.commands.run import run


@click.group(name="Auricle")
def cli() -> None:
    """Commands of Auricle."""


for command in (champion, rollback, promote, prune, check_models, run):
    cli.add_command(command)
