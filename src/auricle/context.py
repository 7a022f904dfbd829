"""The context of a run: its environment says which studies the pipelines serve."""

from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.io import CatalogProtocol

from auricle.corpora.params import SourceParams
from auricle.studies import CHOICE, STUDIES, chosen_studies, retrained_models


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
            ConfigurationError: the parameter `studies` or `retrain.models` names what there is not.
        """
        super().__init__(*args, **kwargs)

        from kedro.framework.project import pipelines

        from auricle.pipeline_registry import DEFAULT_STUDY, DRIFT, HISTORY, RETRAIN, register_pipelines

        # Kept by the loader, which would read and resolve all files again for the catalog.
        parameters = self.config_loader["parameters"] = self.config_loader["parameters"]
        registry = register_pipelines(chosen_studies(parameters), retrained_models(parameters))
        if parameters.get(CHOICE) is None:
            shared = register_pipelines([DEFAULT_STUDY])
            for name in (RETRAIN, DRIFT, HISTORY):  # these name the studies of their models
                shared.pop(name)
            registry |= shared
        for name in set(pipelines) - set(registry):
            del pipelines[name]
        pipelines.update(registry)

    def _get_catalog(self, *args: Any, **kwargs: Any) -> CatalogProtocol[Any, Any]:
        """The catalog, with the folders of recordings that parameters name (`cry.source.root`).

        One entry of the catalog serves all corpora, and so cannot look up a parameter of one of them.
        """
        from auricle.datasets.recordings import RecordingsDataset

        catalog = super()._get_catalog(*args, **kwargs)
        for corpus in STUDIES:
            source = SourceParams.model_validate(self.params.get(corpus, {}).get("source", {}))
            if (root := source.root) is not None:
                folder = Path(self.project_path, Path(root).expanduser())
                shown = {"kedro-viz": {"layer": "01_raw"}}
                catalog[f"{corpus}.recordings"] = RecordingsDataset(filepath=str(folder), metadata=shown)
        return catalog
