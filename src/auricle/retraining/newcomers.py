"""What has come, gone or been relabelled since a model was trained."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from auricle.models.seen import seen_recordings

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Newcomers:
    """A corpus beside what a model has seen of it.

    Attributes:
        rows: the usable recordings of the manifest, indexed from 0.
        is_new: which of them the model has not seen, bool (n,).
        is_relabelled: which of them it has seen with other labels, bool (n,).
        gone: how many recordings it has seen that are no longer there, or no longer usable.
    """

    rows: pd.DataFrame
    is_new: BoolArray
    is_relabelled: BoolArray
    gone: int

    def counts(self) -> dict[str, int]:
        """How many recordings are what, and how many groups the new ones come from."""
        return {
            "known": int((~self.is_new).sum()),
            "new": int(self.is_new.sum()),
            "new_groups": int(self.rows.loc[self.is_new, "group"].nunique()),
            "relabelled": int(self.is_relabelled.sum()),
            "gone": self.gone,
        }


def newcomers(manifest: pd.DataFrame, *seen: pd.DataFrame) -> Newcomers:
    """Tell what is new.

    Args:
        manifest: of the corpus as it is.
        seen: what one training has seen, or several; see `auricle.models.seen.seen_recordings`. Where they
            tell different labels, the last holds.
    """
    rows = manifest[manifest["status"] == "ok"].sort_values("recording_id", ignore_index=True)
    now = [tuple(labels) for labels in seen_recordings(rows)["labels"]]
    told: dict[str, tuple[str, ...]] = {}
    for table in seen:
        told |= {
            name: tuple(labels) for name, labels in zip(table["recording_id"], table["labels"], strict=True)
        }
    names = rows["recording_id"].tolist()
    return Newcomers(
        rows=rows,
        is_new=np.array([name not in told for name in names], dtype=bool),
        is_relabelled=np.array(
            [name in told and told[name] != labels for name, labels in zip(names, now, strict=True)],
            dtype=bool,
        ),
        gone=len(told.keys() - set(names)),
    )
