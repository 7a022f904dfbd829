"""What `metadata.csv` says of each cry."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from auricle.audio.synthesis.corpus import AUDIO_FOLDER
from auricle.audio.synthesis.cries.cry import perform
from auricle.audio.synthesis.cries.params import CryDemoParams
from auricle.audio.synthesis.cries.plan import CryFile
from auricle.audio.synthesis.seeds import named_generator


def metadata(files: Sequence[CryFile], params: CryDemoParams) -> pd.DataFrame:
    """The table of an AudioFolder, in the order of the file names.

    Columns: `file_name` (relative, POSIX), `label` (the kind), `infant` (the group), `duration_s`,
    `expirations` (how many), `f0_hz` (mean pitch of the voice), `burst_s` and `pause_s` (the usual length of
    an expiration and of what is between two), `breath_db` (beside the tone) and `roughness` (a share).
    Under `shuffle_labels` the labels are dealt out anew among the files, each as often as before.
    """
    table = pd.DataFrame([_row(file) for file in files]).sort_values("file_name", ignore_index=True)
    if params.shuffle_labels:
        order = named_generator(params.seed, "shuffled labels").permutation(len(table))
        table["label"] = table["label"].to_numpy()[order]
    return table


def _row(file: CryFile) -> dict[str, Any]:
    cry, performed = file.cry, perform(file.cry)
    traits, gesture = performed.traits, performed.gesture
    voiced = gesture.semitones[gesture.level > 0]
    return {
        "file_name": f"{AUDIO_FOLDER}/{file.name}",
        "label": cry.kind,
        "infant": f"infant-{cry.infant_number + 1:03d}",
        "duration_s": cry.duration_s,
        "expirations": len(gesture.bursts),
        "f0_hz": round(float(performed.infant.hz * 2 ** (voiced.mean() / 12)), 1),
        "burst_s": round(2.0**traits.burst, 3),
        "pause_s": round(2.0**traits.pause, 3),
        "breath_db": round(traits.breath, 1),
        "roughness": round(min(max(traits.roughness, 0.0), 1.0), 2),
    }
