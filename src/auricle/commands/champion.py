"""`kedro champion`, `rollback`, `promote` and `prune`: who is champion, and who is to be."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click
from kedro.framework.cli.utils import env_option
from kedro.framework.startup import ProjectMetadata

from auricle.commands.plainly import plainly
from auricle.errors import ConfigurationError
from auricle.models.champion import (
    Move,
    bundle_of,
    predecessor,
    read_moves,
    roll_back,
    versions_in,
    write_champion,
)
from auricle.models.provenance import asked_by
from auricle.studies import STUDIES

FIGURES = ("balanced_accuracy", "map_macro", "macro_f1", "accuracy")  # the first there is, is shown
BY = click.option("--by", default=None, help="Who or what asks for it; by default the name of the user.")
REASON = click.option("--reason", default=None, help="Why, kept in the history.")


class Model(NamedTuple):
    """Where a model of the project is."""

    name: str
    pointer: Path
    metrics: Path  # as metrics.json is called, but for the version's folder


@click.command()
@click.argument("model", required=False)
@env_option
@click.pass_obj
def champion(metadata: ProjectMetadata, /, model: str | None, env: str | None) -> None:
    """Show the champion of MODEL (genre.cnn), or of every model, with its history."""
    with plainly():
        found = [each for each in _models(metadata, env, model) if each.pointer.exists()]
        if not found:
            raise ConfigurationError(f"{model or 'No model'} has no champion: it was not trained here yet.")
        for each in found:
            click.echo("\n".join(_told(each)))


@click.command()
@click.argument("model")
@env_option
@BY
@REASON
@click.pass_obj
def rollback(
    metadata: ProjectMetadata, /, model: str, env: str | None, by: str | None, reason: str | None
) -> None:
    """Make the champion of MODEL (genre.cnn) the one before again."""
    with plainly():
        (found,) = _models(metadata, env, model)
        ref = roll_back(found.pointer, asked_by=by or asked_by(), reason=reason)
        click.echo(f"{model}: {ref.version} is the champion again. {_figures_by(model, env)}")


@click.command()
@click.argument("model")
@click.argument("version")
@env_option
@BY
@REASON
@click.pass_obj
def promote(metadata: ProjectMetadata, /, model: str, version: str, env: str | None, **told: Any) -> None:
    """Make VERSION of MODEL (genre.cnn) the champion; versions are folders in its folder of bundles."""
    from auricle.models.bundle import open_bundle

    with plainly():
        (found,) = _models(metadata, env, model)
        there = versions_in(found.pointer.parent)
        if version not in there:
            raise ConfigurationError(
                f"{model} has no version {version!r}. There are: {', '.join(there) or 'none: train it'}."
            )
        ref = open_bundle(bundle_of(found.pointer.parent, version), version=version)
        by = told["by"] or asked_by()
        write_champion(found.pointer, ref, "promote", asked_by=by, reason=told["reason"])
        click.echo(f"{model}: {version} is the champion. {_figures_by(model, env)}")


@click.command()
@click.argument("model")
@click.option("--keep", default=10, show_default=True, help="How many of the newest versions are kept.")
@env_option
@click.pass_obj
def prune(metadata: ProjectMetadata, /, model: str, keep: int, env: str | None) -> None:
    """Remove old versions of MODEL (genre.cnn), but no champion, no predecessor, no member of an ensemble.

    Nor a challenger that waits for approval, or was decided on last.
    """
    from auricle.models.pruning import prune_versions
    from auricle.retraining.decisions import read_decisions, still_needed

    with plainly():
        (found,) = _models(metadata, env, model)
        decisions = read_decisions(found.metrics.with_name("decision.json"))
        spared = still_needed(decisions, read_moves(found.pointer))
        removed = prune_versions(found.pointer.parent, keep, spared=spared)
        click.echo(f"{model}: removed {', '.join(removed) or 'nothing'}")


def _figures_by(model: str, env: str | None) -> str:
    study = model.partition(".")[0]
    command = f"kedro run --pipelines=evaluate --params=studies=[{study}]"
    return f"Its figures: {command}{f' --env={env}' if env else ''}"


def _models(metadata: ProjectMetadata, env: str | None, chosen: str | None) -> list[Model]:
    from kedro.framework.session import KedroSession

    names = [f"{corpus}.{model}" for corpus, models in STUDIES.items() for model in models]
    if chosen is not None and chosen not in names:
        raise ConfigurationError(f"There is no model {chosen!r}. There are: {', '.join(names)}.")
    session = KedroSession.create(metadata.project_path, save_on_close=False, env=env)
    catalog = session.load_context().catalog
    described = {name: catalog[f"{name}.metrics"]._describe() for name in ([chosen] if chosen else names)}
    return [
        Model(name, pointer=Path(told["champion"]), metrics=Path(told["dataset"]["filepath"]))
        for name, told in described.items()
    ]


def _told(model: Model) -> Iterator[str]:
    """The champion, how it came to be, and all moves, the newest first."""
    moves = read_moves(model.pointer)
    if not moves:
        yield f"{model.name}: {model.pointer} is damaged. Train the model again, or promote a version."
        return
    before = predecessor(moves)
    yield f"{model.name}: {moves[-1].version}"
    yield f"  a rollback leads to {before.version}" if before else "  there is none to roll back to"
    for move in reversed(moves):
        yield "  " + "  ".join(_parts(move, model.metrics))


def _parts(move: Move, metrics: Path) -> Iterator[str]:
    yield move.moved_at
    yield move.version
    yield f"by {move.moved_by}" + (f" ({move.asked_by})" if move.asked_by else "")
    yield _figure(metrics.parent / move.version / metrics.name)
    about = move.about or {}
    yield f"data {str(about.get('data_digest') or 'unknown')[:12]}"
    yield f"git {str(about.get('git_revision') or 'unknown')[:12]}"
    if move.reason:
        yield f"because: {move.reason}"


def _figure(file: Path) -> str:
    """One figure of a version, as it was when that version was last evaluated."""
    try:
        told: Any = json.loads(file.read_text(encoding="utf-8"))
        figures = told["figures"]
        if "model" in figures:  # of a rater, whose figures stand beside those of others
            return f"absolute error {figures['model']['mae']['value']:.3f} on {told['split']}"
        name = next(name for name in FIGURES if name in figures)
        return f"{name.replace('_', ' ')} {figures[name]['value']:.3f} on {told['split']}"
    except (OSError, ValueError, KeyError, TypeError, StopIteration):
        return "not evaluated"
