"""A Kedro project of a gate, a decision behind it and a promotion; what each is to say is a parameter."""

from pathlib import Path

FILES = {
    "pyproject.toml": """
[tool.kedro]
package_name = "gated"
project_name = "Gated"
kedro_init_version = "1.7.0"
source_dir = "src"
""",
    "src/gated/__init__.py": "",
    "src/gated/cli.py": "from auricle.cli import cli, run\n",
    "src/gated/settings.py": """
from kedro.framework.hooks import hook_impl
from omegaconf.resolvers import oc
from auricle.run_hooks import RunHooks

class Checks:
    @hook_impl
    def before_pipeline_run(self, catalog):
        if catalog.load("parameters")["refused"]:
            raise ValueError("no such figure")

HOOKS = (RunHooks(), Checks())
DISABLE_HOOKS_FOR_PLUGINS = ("kedro-telemetry",)
CONFIG_LOADER_ARGS = {
    "base_env": "base", "default_run_env": "local", "custom_resolvers": {"oc.env": oc.env},
    "merge_strategy": {"parameters": "soft"},
}
""",
    "src/gated/pipeline_registry.py": """
import time
from pathlib import Path
from kedro.pipeline import Node, Pipeline

def ask(go):
    return {"go": go, "reason": "3 new recordings of 50"}

def decide(due, outcome, wait_s):
    if outcome == "broken":
        raise ValueError("no such recording")
    Path("deciding").touch()
    time.sleep(wait_s)
    return {"model": "genre.cnn", "outcome": outcome}

def promote(decision):
    return decision

def count(go):
    return int(go)

def register_pipelines():
    gate = Node(ask, "params:go", "genre.retraining.due", name="genre.gate", tags="gate")
    inputs = ["genre.retraining.due", "params:outcome", "params:wait_s"]
    decision = Node(decide, inputs, "genre.cnn.decision", name="genre.cnn.decide", tags="decision")
    promotion = Node(
        promote, "genre.cnn.decision", "genre.cnn.champion", name="genre.cnn.promote", tags="retrain"
    )
    plain = Pipeline([Node(count, "params:go", "counted", name="count")])
    return {"retrain": Pipeline([gate, decision, promotion]), "plain": plain, "__default__": plain}
""",
    "conf/base/parameters.yml": """
go: true
outcome: kept
wait_s: 0
refused: false
runs: {webhook: {url: "${oc.env:AURICLE_WEBHOOK_URL,null}"}}
""",
    "conf/base/catalog.yml": """
fingerprints: {type: auricle.datasets.work_directory.WorkDirectoryDataset, filepath: data/.fingerprints}
run_summaries: {type: auricle.datasets.work_directory.WorkDirectoryDataset, filepath: data/runs}
run_lock: {type: auricle.datasets.work_directory.WorkDirectoryDataset, filepath: data/.lock, make: false}
genre.cnn.decision: {type: json.JSONDataset, filepath: data/decision.json}
genre.cnn.champion: {type: json.JSONDataset, filepath: data/champion.json}
counted: {type: json.JSONDataset, filepath: data/counted.json}
""",
    "conf/jobs/retrain.yml": """
run:
  pipelines: retrain
  params: {outcome: promoted}
""",
    "conf/local/.gitkeep": "",
}


def make_gated_project(folder: Path) -> Path:
    for name, content in FILES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    return folder
