"""What an analyzer makes of the notes of a corpus, and which of them it has learned from."""

import numpy as np
import pandas as pd

from auricle.audio.store import SpectrogramStore
from auricle.corpora.selection import having
from auricle.models.bundle import BundleRef
from auricle.models.instruments import told_instruments
from auricle.models.registry import load_deep
from auricle.models.windows import predict_stored
from auricle.progress import track
from auricle.training.device import resolve_device
from auricle.training.folds import partitions
from auricle.training.note_sequence_params import NoteSequenceParams
from auricle.training.passages import HEARD, TEST, UNHEARD
from auricle.training.vocabulary import read_examples


def note_table(
    bundle: BundleRef, store: SpectrogramStore, manifest: pd.DataFrame, params: NoteSequenceParams
) -> pd.DataFrame:
    """One row a note that the sequence model may learn from or be judged by.

    Args:
        bundle: of the analyzer.
        store: of its front end.
        manifest: of the corpus that it was trained on.
        params: `heard_notes` asks for what the analyzer learned from, too.

    Returns:
        `recording_id`, `part` (`heard`: the analyzer learned from it; `unheard`: its validation, under
        cross-validation that of the model which is kept; `test`), `label`, `group`, `instrument`,
        `embedding` and `probabilities` (float32 arrays, means over the windows).

    Raises:
        CorpusError: a split without recordings; too many missing spectrograms.
    """
    rows = having(manifest, store, what="spectrogram", pipeline="cache_spectrograms")
    examples = read_examples(rows)
    final = partitions(examples)[-1]
    parts = pd.Series(HEARD, index=examples.recording_ids)
    parts.iloc[final.validation] = UNHEARD
    parts[examples.splits == TEST] = TEST
    if not params.heard_notes:
        parts = parts[parts != HEARD]
    rows = rows[rows["recording_id"].isin(parts.index)].sort_values("recording_id", ignore_index=True)
    outputs = predict_stored(
        load_deep(bundle),
        store,
        rows["recording_id"].to_numpy(dtype=object),
        instruments=told_instruments(bundle.config, rows),
        device=resolve_device(params.device),
    )
    shown = track(outputs, total=len(rows), description="Hearing notes")
    means = {
        place: (output.embeddings.mean(axis=0), output.probabilities.mean(axis=0)) for place, output in shown
    }
    return pd.DataFrame(
        {
            "recording_id": rows["recording_id"],
            "part": parts[rows["recording_id"]].to_numpy(),
            "label": rows["label"],
            "group": rows["group"].astype(str),
            "instrument": rows.get("instrument"),
            "embedding": [means[place][0].astype(np.float32) for place in range(len(rows))],
            "probabilities": [means[place][1].astype(np.float32) for place in range(len(rows))],
        }
    )
