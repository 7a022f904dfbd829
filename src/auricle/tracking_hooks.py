"""Kedro's hook that shows trackers what a run has made; the logging itself is in `auricle.tracking`."""

from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline

from auricle.models.bundle import BundleRef
from auricle.models.champion import Promotion
from auricle.studies import STUDIES
from auricle.tracking.params import TrackingParams, check_installed

CHAMPION = "champion"
LOGGED = (CHAMPION, "metrics", "card", "curves", "confusion_matrix")


class TrackingHooks:
    """Logs every model that is trained or evaluated, where the parameters of its study ask for it."""

    def __init__(self) -> None:
        self._runs: dict[str, Any] = {}
        self._bundles: dict[str, BundleRef] = {}

    @hook_impl
    def before_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Find out who is to be told.

        Raises:
            ConfigurationError: a tracker that is asked for and not installed.
        """
        self._runs, self._bundles = {}, {}
        parameters = catalog.load("parameters")
        made = [name.split(".") for name in pipeline.all_outputs() if name.endswith(LOGGED)]
        for corpus in {of for of, *_ in made} & set(STUDIES):
            params = TrackingParams.model_validate(parameters.get(corpus, {}).get("tracking", {}))
            check_installed(params)
            if params.mlflow:
                from auricle.tracking.runs import BundleRuns

                self._runs[corpus] = BundleRuns(params, catalog.load(f"{corpus}.tracking_directory"), corpus)

    @hook_impl
    def after_dataset_loaded(self, dataset_name: str, data: Any) -> None:
        """Note which bundle is judged."""
        model, _, what = dataset_name.rpartition(".")
        if what == CHAMPION and isinstance(data, BundleRef):
            self._bundles[model] = data

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        """Log what belongs to a bundle."""
        model, _, what = dataset_name.rpartition(".")
        if what == CHAMPION:
            self._bundles[model] = data.bundle if isinstance(data, Promotion) else data
        runs, bundle = self._runs.get(model.partition(".")[0]), self._bundles.get(model)
        if runs is not None and bundle is not None and what in LOGGED:
            runs.log(model, bundle, what, data)
