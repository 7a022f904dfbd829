"""The context of a run: its environment says which studies the pipelines serve."""

from typing import Any

from kedro.framework.context import KedroContext

from auricle.studies import chosen_studies


class ProjectContext(KedroContext):
    """Narrows the pipelines to the studies of the environment.

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

        from auricle.pipeline_registry import register_pipelines

        registry = register_pipelines(chosen_studies(self.config_loader["parameters"]))
        for name in set(pipelines) - set(registry):
            del pipelines[name]
        pipelines.update(registry)
