"""Layout `donateacry`: cries of the campaign Donate a Cry, whose file names say who cried when and why.

github.com/gveres/donateacry-corpus. A name is app instance (a UUID of 36 characters), time, app version,
gender, age and reason, joined by hyphens: `0C8F14A9-6999-485B-97A2-913C1CBF099C-1430760394426-1.7-m-26-hu`.
The cleaned corpus also has a folder for each label. Ages: 04 is up to four weeks, 48 four to eight weeks,
26 two to six months, 72 seven months to two years, 22 older.
"""

import logging
import re
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import Literal

import pandas as pd
from pydantic import Field

from auricle.corpora.inspection import find_audio
from auricle.corpora.layouts.base import Layout, complete
from auricle.params import Params

logger = logging.getLogger(__name__)

# Each code with the labels that mean the same. The first is what it is called where no folder says it: the
# cleaned corpus has cries of heat and cold under discomfort. Who gave `dk` did not know.
REASONS: dict[str, tuple[str, ...]] = {
    "hu": ("hungry",),
    "bu": ("burping",),
    "bp": ("belly_pain",),
    "dc": ("discomfort",),
    "ti": ("tired",),
    "ch": ("discomfort", "cold_hot"),
    "lo": ("lonely",),
    "sc": ("scared",),
    "dk": (),
}
_LABELS = frozenset(label for labels in REASONS.values() for label in labels)
_INSTANCE = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NAME = re.compile(
    rf"(?P<instance>{_INSTANCE.pattern})-(?P<time>\d{{10}}|\d{{13}})-(?P<version>\d+(?:\.\d+)*)"
    r"-(?P<gender>[mf])-(?P<age>\d{2})-(?P<reason>[a-z]{2})",
    re.IGNORECASE,
)
_SECONDS_DIGITS = 10
_COLUMNS = (
    "path",
    "label",
    "meta_instance",
    "meta_recorded_ms",
    "meta_app_version",
    "meta_gender",
    "meta_age",
    "meta_reason",
)


class DonateACryOptions(Params):
    """Options of the layout `donateacry`."""

    on_conflict: Literal["folder", "code", "exclude"] = Field(
        "folder",
        description="Whose label counts where folder and reason code contradict each other; exclude: the"
        " recording has none. The folders are the later judgement, of those who cleaned the corpus.",
    )
    further_labels: tuple[str, ...] = Field(
        (), description="Names of folders that are labels too, though no reason has them, such as laugh."
    )


def read(root: Path, options: DonateACryOptions) -> pd.DataFrame:
    """Read folders and names; a file without either, or of no known reason, is kept without a label.

    A name that is not of this form still tells its app instance if it holds one, as copies do that
    somebody has altered: they must stay in the group of their original.
    """
    rows = [_parsed(path, options) for path in find_audio(root)]
    table = pd.DataFrame([row[: len(_COLUMNS)] for row in rows], columns=list(_COLUMNS), dtype=object)
    _warn(table, [row[-1] for row in rows], options)
    return complete(table)


def _parsed(path: str, options: DonateACryOptions) -> tuple[str | None, ...]:
    """The cells of `_COLUMNS`, and what its folder is called where that contradicts the reason."""
    name = PurePosixPath(path)
    folder = _folder_label(name, options)
    said = _NAME.fullmatch(name.stem)
    if said is None:
        instance = _INSTANCE.search(name.stem)
        return (path, folder, instance and instance[0].lower(), None, None, None, None, None, None)
    reason = said["reason"].lower()
    meanings = REASONS.get(reason, ())
    contradicts = folder is not None and bool(meanings) and folder not in meanings
    code = meanings[0] if meanings else None
    label = {"folder": folder, "code": code, "exclude": None}[options.on_conflict]
    return (
        path,
        label if contradicts else folder or code,
        said["instance"].lower(),
        # The first versions for iOS give seconds, all others milliseconds.
        said["time"] + ("000" if len(said["time"]) == _SECONDS_DIGITS else ""),
        said["version"],
        said["gender"].lower(),
        said["age"],
        reason,
        folder if contradicts else None,
    )


def _folder_label(path: PurePosixPath, options: DonateACryOptions) -> str | None:
    """The nearest folder that is named like a label; others, such as that of an upload, say nothing."""
    known = _LABELS | {_spelled(label) for label in options.further_labels}
    return next((label for folder in path.parts[-2::-1] if (label := _spelled(folder)) in known), None)


def _spelled(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def _warn(table: pd.DataFrame, contradicting: list[str | None], options: DonateACryOptions) -> None:
    disputed = [place for place, folder in enumerate(contradicting) if folder is not None]
    if disputed:
        first = table.iloc[disputed[0]]
        counts = "folder counts" if options.on_conflict == "folder" else "reason code counts"
        logger.warning(
            "%d recordings lie in a folder that contradicts their reason code, such as %s (%r); the %s"
            " (layout_options: {on_conflict: %s}).",
            len(disputed), first["path"], contradicting[disputed[0]],
            "recording has no label" if options.on_conflict == "exclude" else counts, options.on_conflict,
        )  # fmt: skip
    strange = table["path"][table["meta_reason"].isna()]
    if len(strange):
        logger.warning(
            "%d names are not of the form of Donate a Cry, such as %s: no time, gender, age and reason; %d of"
            " them hold an app instance, each other one is a group of its own.",
            len(strange), strange.iloc[0], int(table["meta_instance"][strange.index].notna().sum()),
        )  # fmt: skip
    unknown = Counter(code for code in table["meta_reason"].dropna() if code not in REASONS)
    if unknown:
        logger.warning(
            "Unknown reason codes, which give no label: %s. Known: %s.",
            ", ".join(f"{code} ({count})" for code, count in unknown.most_common()), ", ".join(REASONS),
        )  # fmt: skip


LAYOUT = Layout("donateacry", DonateACryOptions, read)
