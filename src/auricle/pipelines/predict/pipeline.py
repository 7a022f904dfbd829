"""The pipeline that predicts new recordings by a trained model, of whatever study."""

from kedro.pipeline import Node, Pipeline

from auricle.pipelines.marks import ALWAYS

from .nodes import plan_predictions, predict_recordings, show_results, tell_results, write_tags

FORMS = ("csv", "json_lines", "playlists", "summary")


def create_pipeline() -> Pipeline:
    """From an input and the name of a model to tables and playlists."""
    params = "params:predict"
    return Pipeline(
        [
            Node(plan_predictions, ["run_root", params], "job", name="plan", tags=ALWAYS),
            Node(predict_recordings, ["job", "known", params], "ledger", name="predict"),
            Node(tell_results, ["job", "ledger", params], "results", name="tell"),
            Node(show_results, ["job", "results"], {form: form for form in FORMS}, name="show"),
            Node(
                write_tags,
                ["job", "results", "ledger", "tag_directory", params],
                "tagged",
                name="write_tags",
            ),
        ],
        namespace="predict",
        parameters={params: params},
        tags="predict",
    )
