"""`kedro check-models`: whether an encoder and a classifier keep their contract, and what they cost."""

import json
from pathlib import Path
from typing import Any

import click
from kedro.framework.cli.utils import env_option

from auricle.commands.plainly import plainly
from auricle.errors import ConfigurationError
from auricle.models.rating.params import PairParams

STUDY, MODEL = "ratings", "rater"
CONFIGURED = "the configured one"


@click.command("check-models")
@click.option("--encoder", help=f"module:Class; by default {CONFIGURED}.")
@click.option("--encoder-kwargs", help="Its keyword arguments as JSON, such as '{\"embedding_dim\": 64}'.")
@click.option("--classifier", help=f"module:Class; by default {CONFIGURED}.")
@click.option("--classifier-kwargs", help="Its keyword arguments as JSON.")
@click.option(
    "--sample-rate", type=click.IntRange(1_000, 384_000), default=22_050, show_default=True, help="In Hz."
)
@click.option(
    "--seconds",
    type=click.FloatRange(2.0, 3_600.0),
    default=30.0,
    show_default=True,
    help="Length of the recording whose time and memory are measured.",
)
@click.option(
    "--device", default="auto", show_default=True, type=click.Choice(["auto", "cpu", "cuda", "mps"])
)
@env_option
@click.pass_obj
def check_models(metadata: Any, /, env: str | None, **options: Any) -> None:
    """Run an encoder and a classifier of ratings on small batches, and say what they do.

    Prints shapes, ranges, parameters, time and memory. Exits with 1, and a message that says what to mend, if
    either does not keep its contract. What plugins.allowed does not list is not imported.
    """
    with plainly():
        click.echo(report(Path(metadata.project_path), env, **options))


def report(
    project: Path,
    env: str | None,
    *,
    encoder: str | None,
    encoder_kwargs: str | None,
    classifier: str | None,
    classifier_kwargs: str | None,
    sample_rate: int,
    seconds: float,
    device: str,
) -> str:
    """Check a pair, and measure it on one recording.

    Args:
        project: its folder.
        env: of Kedro; None takes the default.
        encoder: `module:Class` in place of the configured one; so are the others.
        encoder_kwargs: JSON.
        classifier: `module:Class`.
        classifier_kwargs: JSON.
        sample_rate: in Hz.
        seconds: of the recording.
        device: where to compute.

    Raises:
        ConfigurationError: the configuration or an option cannot be read, or a class cannot be had.
        ContractError: a part does not do what it promises.
    """
    from auricle.models.rating.measure import cost_of
    from auricle.models.rating.pair import checked_pair, make_pair
    from auricle.models.rating.plugins import PLUGINS, PluginParams, allowing
    from auricle.training.device import resolve_device

    parameters = configured(project, env)
    pair = _chosen(parameters, encoder, encoder_kwargs, classifier, classifier_kwargs)
    where = resolve_device(device)  # type: ignore[arg-type]
    plugins = PluginParams.model_validate(parameters.get(PLUGINS, {}))
    with allowing(plugins.allowed, project):
        checked = checked_pair(pair, sample_rate, device=where)
        parts = [part.to(where) for part in make_pair(pair, sample_rate)]
        cost = cost_of(
            parts[0],
            parts[1],
            names=(pair.encoder_class, pair.classifier_class),
            samples=round(seconds * sample_rate),
            device=where,
        )
    memory = "memory unknown here" if cost.megabytes is None else f"{cost.megabytes:.0f} MB at the peak"
    return "\n".join(
        [
            *_told("encoder", checked.encoder),
            *_told("classifier", checked.classifier),
            f"{seconds:g} s at {sample_rate:,} Hz on {where}: {cost.seconds:.3f} s, {memory}",
            "Both keep their contract.",
        ]
    )


def configured(project: Path, env: str | None) -> dict[str, Any]:
    """The parameters of an environment."""
    from kedro.framework.session import KedroSession
    from kedro.framework.startup import bootstrap_project

    bootstrap_project(project)
    session: Any
    with KedroSession.create(project, env=env) as session:
        parameters: dict[str, Any] = session.load_context().params
    return parameters


def _chosen(
    parameters: dict[str, Any],
    encoder: str | None,
    encoder_kwargs: str | None,
    classifier: str | None,
    classifier_kwargs: str | None,
) -> PairParams:
    """What is configured, but for what is given; arguments go with the class that they were given for."""
    model = parameters.get(STUDY, {}).get(MODEL, {}).get("model", {})
    told = {name: value for name, value in model.items() if name in PairParams.model_fields}
    given = (("encoder", encoder, encoder_kwargs), ("classifier", classifier, classifier_kwargs))
    for part, named, arguments in given:
        if named is not None:
            told |= {f"{part}_class": named, f"{part}_kwargs": {}}
        if arguments is not None:
            told[f"{part}_kwargs"] = _arguments(arguments, f"--{part}-kwargs")
    return PairParams.model_validate(told)


def _arguments(text: str, option: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise ConfigurationError(
            f'{option} is {text!r}, which is no JSON ({error}). Quote names by ".'
        ) from error
    if not isinstance(found, dict):
        raise ConfigurationError(
            f"{option} is {text!r}, and an object was expected, such as '{{\"size\": 64}}'."
        )
    return found


def _told(what: str, part: Any) -> list[str]:
    shapes = ", ".join(f"{given} to {made}" for given, made in part.shapes[:2])
    frozen = "" if part.learning == part.parameters else f", of which {part.learning:,} learn"
    return [
        f"{what} {part.name}",
        f"  {shapes}",
        f"  values from {part.low:.3g} to {part.high:.3g}",
        f"  {part.parameters:,} parameters{frozen}",
    ]
