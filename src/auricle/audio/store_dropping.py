"""Taking recordings out of spectrogram stores, which only grow: what is kept is written anew."""

import shutil
from collections.abc import Collection
from pathlib import Path

from auricle.audio.store import SpectrogramStore
from auricle.audio.store_header import FILE_NAME, bands_of

CHUNK_SIZE = 64
UNFINISHED = ".kept"


def drop_others(root: Path, recording_ids: Collection[str]) -> int:
    """Drop from every store in a folder what is of other recordings; returns how many spectrograms.

    Killed on the way, a store is as before, or is gone: whoever fills it makes it again. A reader that has it
    open reads on in the old files.

    Args:
        root: the folder of stores, which need not be there.
        recording_ids: of those whose spectrograms are kept.

    Raises:
        CorpusError: a store is damaged.
        ConfigurationError: another process is writing a store.
    """
    for left in root.glob(f"*{UNFINISHED}"):
        shutil.rmtree(left)
    return sum(_drop_from(header.parent, recording_ids) for header in sorted(root.glob(f"*/{FILE_NAME}")))


def _drop_from(folder: Path, recording_ids: Collection[str]) -> int:
    bands = bands_of(folder, SpectrogramStore.content)
    with SpectrogramStore.open(folder.parent, folder.name, bands, mode="a") as store:
        kept = {name: [key for key in store.ids(name) if key in recording_ids] for name in store.all_variants}
        dropped = len(store) - sum(map(len, kept.values()))
        if not dropped:
            return 0
        made = folder.with_name(folder.name + UNFINISHED)
        with SpectrogramStore.open(made.parent, made.name, bands, mode="a") as fresh:
            for variant, names in kept.items():
                for first in range(0, len(names), CHUNK_SIZE):
                    some = names[first : first + CHUNK_SIZE]
                    fresh.append({name: store.get(name, variant) for name in some}, variant)
        # Moved before it is removed: of a removal that is killed half a store is left.
        old = folder.rename(folder.with_name(f"{folder.name}.old{UNFINISHED}"))
        made.rename(folder)
        shutil.rmtree(old)
    return dropped
