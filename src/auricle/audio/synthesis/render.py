"""Render the demo corpus into a folder, as real files that ingestion reads like any others."""

import logging
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from auricle.audio.isolation import map_isolated
from auricle.audio.limits import AudioLimits
from auricle.audio.synthesis.choice import Demo
from auricle.audio.synthesis.corpus import AUDIO_FOLDER, Corpus, CorpusFile
from auricle.audio.synthesis.cries import CryDemoParams
from auricle.audio.synthesis.cries.corpus import cry_corpus
from auricle.audio.synthesis.music import music_corpus
from auricle.audio.synthesis.notes import NotesDemoParams
from auricle.audio.synthesis.notes.corpus import notes_corpus
from auricle.audio.synthesis.ratings import RatedDemoParams
from auricle.audio.synthesis.ratings.corpus import rated_corpus
from auricle.audio.synthesis.receipt import Receipt, read_receipt, write_atomically

logger = logging.getLogger(__name__)

METADATA_NAME = "metadata.csv"
README_NAME = "README.txt"


@dataclass(frozen=True)
class DemoReceipt:
    """What `render_demo` did.

    Attributes:
        folder: where the corpus is.
        files: number of audio files in it.
        rendered: how many of them were written now.
        removed: how many files of an earlier corpus were removed.
        broken: the broken ones, as metadata.csv names them, to the defect of each.
    """

    folder: Path
    files: int
    rendered: int
    removed: int
    broken: dict[str, str]


def render_demo(folder: Path, params: Demo, *, workers: int | None = None) -> DemoReceipt:
    """Render the demo corpus, or what is missing of it.

    Killed at any moment, the same call goes on where it stopped. With other parameters in the same folder,
    the clips that both corpora share are kept and the rest is replaced. Bytes depend on the parameters and
    on the versions of numpy, scipy and libsndfile, not on the number of workers.

    Args:
        folder: where to; created, or empty, or rendered by this function before.
        params: how much of it; `enabled` is the caller's business.
        workers: child processes, None for one per core.

    Raises:
        ConfigurationError: the folder holds something that Auricle has not rendered.
        AudioError: a clip could not be rendered, for want of memory for example.
    """
    before = read_receipt(folder)
    corpus = _corpus(params)
    wanted = {file.name: file for file in corpus.files}
    finished = Receipt(corpus.settings, tuple(wanted), complete=True)
    audio = folder / AUDIO_FOLDER
    missing = [file for name, file in wanted.items() if not (audio / name).is_file()]
    stale = sorted(set(before.files if before else ()) - set(wanted))
    broken = {f"{AUDIO_FOLDER}/{file.name}": file.defect for file in corpus.files if file.defect}
    summary = DemoReceipt(folder, len(wanted), len(missing), len(stale), broken)
    if before == finished and not missing and (folder / METADATA_NAME).is_file():
        return summary
    audio.mkdir(parents=True, exist_ok=True)
    # First of all, and naming old and new files alike: whatever happens now, the next call knows its own.
    Receipt(corpus.settings, (*wanted, *stale), complete=False).write(folder)
    _render_files(missing, audio, corpus.longest_s, workers)
    for name in stale:
        (audio / name).unlink(missing_ok=True)
    write_atomically(folder / METADATA_NAME, corpus.table().to_csv(index=False).encode())
    write_atomically(folder / README_NAME, corpus.readme.encode())
    for leftover in folder.rglob(".*.part"):
        leftover.unlink(missing_ok=True)
    finished.write(folder)
    logger.info("Demo corpus in %s: %d files, %d rendered now", folder, len(wanted), len(missing))
    return summary


def _corpus(params: Demo) -> Corpus:
    if isinstance(params, CryDemoParams):
        return cry_corpus(params)
    if isinstance(params, RatedDemoParams):
        return rated_corpus(params)
    return notes_corpus(params) if isinstance(params, NotesDemoParams) else music_corpus(params)


def _render_files(files: list[CorpusFile], audio: Path, longest_s: float, workers: int | None) -> None:
    # Ten seconds of audio take about a fifth of a second; the rest allows for a slow, busy machine.
    limits = AudioLimits(timeout_s=60.0 + 10.0 * longest_s, max_memory_mb=4096)
    results = map_isolated(
        partial(write_file, audio),
        files,
        workers=workers,
        limits=limits,
        description="render the demo corpus",
    )
    for file, result in results:
        if isinstance(result, Exception):
            result.add_note(f"while rendering {file.name} ({file.about})")
            raise result


def write_file(audio: Path, file: CorpusFile) -> None:
    """Render one file into a folder; what a child process of `render_demo` does."""
    write_atomically(audio / file.name, file.contents())
