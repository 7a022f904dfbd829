"""Tags by which a node tells runners and hooks what the catalog cannot."""

# It reads what no entry and no path in its parameters stands for, so it runs every time.
ALWAYS = "always"
# It adds to a folder that it reads, so that what it found is never what it leaves.
ADDS_TO_ITS_INPUT = "adds_to_its_input"
# It says whether what comes after it is to run at all: its one output is `{go: bool, reason: str, ...}`.
GATE = "gate"
# Its output is what a retraining has decided of one model: `{model: str, outcome: str, ...}`.
DECISION = "decision"

# It is a step of a retraining: what it reads and writes is another retraining's too.
RETRAIN = "retrain"

# How runners that heed gates call themselves: Kedro tells hooks that, and what they say after it.
HEED_GATES = ("auricle.runner.IncrementalRunner", "auricle.runner.ProjectRunner")
