"""Kedro's settings of the project: hooks, and how configuration is read and merged."""

import os

from kedro.config import OmegaConfigLoader
from omegaconf.resolvers import oc

from auricle.context import ProjectContext
from auricle.hooks import ProjectHooks
from auricle.run_hooks import RunHooks
from auricle.tracking_hooks import TrackingHooks

# torch reads it when it makes its first tensor. On Linux large tensors of the CPU then lie in huge pages, and
# a step of training, which makes and drops gigabytes of them, waits less for pages to be cleared: of the note
# analyzer it takes a fifth less time of the CPU. Figures stay the same.
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")

HOOKS = (RunHooks(), ProjectHooks(), TrackingHooks())  # the last is asked first
CONTEXT_CLASS = ProjectContext
DISABLE_HOOKS_FOR_PLUGINS = ("kedro-telemetry",)

CONFIG_LOADER_CLASS = OmegaConfigLoader
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    # An environment changes single parameters; Kedro's default replaces everything below a top-level key.
    "merge_strategy": {"parameters": "soft"},
    # Where a user's recordings lie is the machine's business, so an environment may ask for it.
    "custom_resolvers": {"oc.env": oc.env},
}
