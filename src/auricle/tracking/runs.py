"""Runs of MLflow: one for each bundle, and one inside it for each fold."""

import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auricle.models.bundle import CARD, CONFIG, PREPROCESSOR, TRAINING, BundleRef
from auricle.tracking.client import SQLITE, connect
from auricle.tracking.entries import finish, found_or_made, log_figures, log_parameters, log_picture, tags_of
from auricle.tracking.params import TrackingParams
from auricle.tracking.record import parts_of

if TYPE_CHECKING:
    from mlflow import MlflowClient

logger = logging.getLogger(__name__)

DATABASE, ARTIFACTS = "mlflow.db", "artifacts"


class BundleRuns:
    """Logs bundles, their figures and their pictures.

    A run is known by the digest of its bundle and made from the bundle's own files: logging again adds
    nothing twice, and whatever a tracker missed is caught up by the next evaluation.

    A tracker is never worth a model. Whatever fails is warned of once; nothing more is logged by this object.

    Args:
        params: where to, and what of the bundle.
        directory: of the database and the artifacts, where no other is asked for.
        experiment: MLflow's experiment, where no other is asked for.
    """

    def __init__(self, params: TrackingParams, directory: Path, experiment: str) -> None:
        self._uri = params.uri or f"{SQLITE}{directory / DATABASE}"
        # Of artifacts a server knows where to put them; of a mere database MLflow would take the folder that
        # the run was started in.
        is_server = self._uri.startswith("http")
        self._artifacts = None if is_server else (directory / ARTIFACTS).resolve().as_uri()
        self._experiment_name = params.experiment or experiment
        self._copies_bundle = params.bundle == "artifact"
        self._client: MlflowClient | None = None
        self._runs: dict[str, str] = {}
        self._has_failed = False
        self._lock = threading.Lock()

    def log(self, model: str, bundle: BundleRef, what: str, content: Any) -> None:
        """Log something of a bundle, and first the bundle itself where that is missing.

        Args:
            model: its name, such as `genre.cnn`.
            bundle: that it belongs to.
            what: `champion`, `metrics`, `card`, or else the name of a picture.
            content: the bundle, metrics, Markdown, or a figure of matplotlib.
        """
        with self._lock:
            if self._has_failed:
                return
            try:
                self._log(model, bundle, what, content)
            except Exception as error:  # of all that SQLite, the network or MLflow may raise, none is fatal
                self._has_failed = True
                reason = str(error).partition("\n")[0].replace(self._uri, "tracking.uri")  # a password, maybe
                logger.warning(
                    "Not logged for MLflow: %s of %s, and whatever else comes in this run (%s: %s). The"
                    " model is not affected; `kedro run --pipelines=evaluate` logs what is missing.",
                    what,
                    model,
                    type(error).__name__,
                    reason,
                )

    def _log(self, model: str, bundle: BundleRef, what: str, content: Any) -> None:
        if self._client is None:
            self._client = connect(self._uri)
        if bundle.digest not in self._runs:
            self._runs[bundle.digest] = self._run_of(self._client, model, bundle)
        run = self._runs[bundle.digest]
        if what == "metrics":
            log_figures(self._client, run, content)
        elif what == "card":
            self._client.log_text(run, content, CARD)
        elif what != "champion":
            log_picture(self._client, run, what, content)

    def _run_of(self, client: "MlflowClient", model: str, bundle: BundleRef) -> str:
        """The run of a bundle, complete with parameters, history and folds."""
        experiment, tags = self._experiment(client), tags_of(model, bundle)
        *folds, final = parts = parts_of(bundle.training)
        name = f"{model} {bundle.version}"
        run, is_complete = found_or_made(client, experiment, name, final._replace(begun=parts[0].begun), tags)
        if is_complete:
            return run
        log_parameters(client, run, bundle)
        for fold in folds:
            inside, fold_is_complete = found_or_made(
                client, experiment, f"{name} {fold.name}", fold, tags | {"mlflow.parentRunId": run}
            )
            if not fold_is_complete:
                finish(client, inside, fold)
        for file in (CONFIG, PREPROCESSOR, TRAINING):
            client.log_artifact(run, str(bundle.path / file))
        if self._copies_bundle:
            client.log_artifacts(run, str(bundle.path), "bundle")
        finish(client, run, final)
        logger.info("%s is logged in MLflow's experiment %r.", name, self._experiment_name)
        return run

    def _experiment(self, client: "MlflowClient") -> str:
        known = client.get_experiment_by_name(self._experiment_name)
        if known is not None:
            return str(known.experiment_id)
        return str(client.create_experiment(self._experiment_name, artifact_location=self._artifacts))
