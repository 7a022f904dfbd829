"""What of a manifest can be worked with."""

import pandas as pd


def usable_paths(manifest: pd.DataFrame) -> dict[str, str]:
    """Relative path by `recording_id` of every recording that is not quarantined."""
    usable = manifest[manifest["status"] == "ok"]
    return dict(zip(usable["recording_id"], usable["path"], strict=True))
