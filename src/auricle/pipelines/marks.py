"""Tags by which a node tells the incremental runner what the catalog cannot."""

# It reads what no entry and no path in its parameters stands for, so it runs every time.
ALWAYS = "always"
# It adds to a folder that it reads, so that what it found is never what it leaves.
ADDS_TO_ITS_INPUT = "adds_to_its_input"
# It says whether those that come after it are to run at all.
GATE = "gate"
# It says what becomes of a challenger.
DECISION = "decision"
