"""The context of a run: its environment says which studies the pipelines serve."""

from typing import Any

from kedro.framework.context import KedroContext

from auricle.studies import CHOICE, chosen_studies


class ProjectContext(KedroContext):
    """Narrows the pipelines to the studies of the environment.

    Where it names none, a pipeline that several studies could share is the default study's alone: who runs
    `evaluate` after the first `kedro run` has no other corpus yet.

    Kedro finds pipelines without knowing the environment, and looks them up only after it has made the
    context; whatever an earlier session of this process has chosen is replaced then. It is done here and not
    in a hook because Kedro-Viz leaves hooks out.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Make the context, and narrow what `kedro.framework.project.pipelines` holds.

        Args:
            *args: of `KedroContext`.
            **kwargs: of `KedroContext`.

        Raises:
            ConfigurationError: the parameter `studies` names what there is not.
        """
        super().__init__(*args, **kwargs)

        from kedro.framework.project import pipelines

        from auricle.pipeline_registry import DEFAULT_STUDY, register_pipelines

        parameters = self.config_loader["parameters"]
        registry = register_pipelines(chosen_studies(parameters))
        if parameters.get(CHOICE) is None:
            registry |= register_pipelines([DEFAULT_STUDY])
        for name in set(pipelines) - set(registry):
            del pipelines[name]
        pipelines.update(registry)
