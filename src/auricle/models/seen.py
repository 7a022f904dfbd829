"""Which recordings a model has seen, kept in its bundle: so that what is new to it can be told later."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from auricle.models.bundle import SEEN


@dataclass(frozen=True)
class SeenRecordings:
    """The corpus at the time of a training, as one of the parts that a bundle is staged from."""

    manifest: pd.DataFrame

    def save_pretrained(self, folder: Path) -> None:
        """Write it as one of a bundle's files."""
        seen_recordings(self.manifest).to_parquet(Path(folder) / SEEN, index=False)


def seen_recordings(manifest: pd.DataFrame) -> pd.DataFrame:
    """The usable recordings of a corpus: `recording_id`, `split` and `labels` (a list), sorted.

    Held-out recordings are among them: thresholds, calibration and figures rest on these.
    """
    usable = manifest[manifest["status"] == "ok"].sort_values("recording_id", ignore_index=True)
    return pd.DataFrame(
        {
            "recording_id": usable["recording_id"].astype(object),
            "split": usable["split"].astype(object),
            "labels": [sorted(map(str, labels)) for labels in labels_of_rows(usable)],
        }
    )


def labels_of_rows(rows: pd.DataFrame) -> list[list[str]]:
    """All labels of each recording, the primary one among them; empty where it has none."""
    primary = rows["label"] if "label" in rows else pd.Series(None, index=rows.index, dtype=object)
    several = rows["labels"] if "labels" in rows else pd.Series([()] * len(rows), index=rows.index)
    return [
        list(dict.fromkeys([*([] if pd.isna(label) else [label]), *labels]))
        for label, labels in zip(primary, several, strict=True)
    ]
