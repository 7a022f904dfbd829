"""`kedro run`, which ends as a scheduler can tell; Kedro's own does the running, with all of its options."""

import signal
from typing import Any

import click
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.project import settings

from auricle.errors import LockedError, StoppedError, StopSignal
from auricle.pipelines.marks import HEED_GATES
from auricle.run_hooks import RunHooks
from auricle.runs.exit_codes import MEANING, ExitCode
from auricle.runs.signals import ended_by

HELP = """Run the pipeline.

Where --runner names none, a pipeline with a gate (retrain) is run by auricle.runner.IncrementalRunner.

\b
It exits with 0, with 1 where it fails, with 143 after SIGTERM, and of pipelines with a gate with
"""


def _run(**options: Any) -> Any:
    """What Kedro's command does, with our runner by default and our exit codes."""
    options["runner"] = options["runner"] or HEED_GATES[1]
    context, hooks = click.get_current_context(), _hooks()
    with ended_by(signal.SIGTERM) as asked:
        hooks.asked = asked
        try:
            result = kedro_run.callback(**options)  # type: ignore[misc]
        except LockedError as error:
            hooks.end_early("locked", error)
            click.echo(f"Error: {error}", err=True)
            context.exit(ExitCode.LOCKED)
        except (Exception, StopSignal, KeyboardInterrupt) as error:
            hooks.end_early("failed" if asked.number is None else "stopped", error)
            if asked.number is None:
                raise
            click.echo(f"Error: {StoppedError(asked.number)}", err=True)
            context.exit(128 + asked.number)
    if hooks.summary is not None and hooks.summary.exit_code:
        context.exit(hooks.summary.exit_code)
    return result


def _hooks() -> RunHooks:
    return next((hook for hook in settings.HOOKS if isinstance(hook, RunHooks)), RunHooks())


def _table() -> str:
    return "\n".join(f"  {code:>3}  {MEANING[code]}" for code in ExitCode)


run = click.Command("run", callback=_run, params=kedro_run.params, help=HELP + _table())
