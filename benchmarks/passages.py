"""Passages: how many onsets are found, and what batches and memory save.

    python benchmarks/passages.py                                # onsets
    python benchmarks/passages.py --model notes.note_analyzer     # and predictions by that model

Passages are joined from notes of all twelve instruments of the demo corpus, with the faults that they have
there, from a seed that no parameter was chosen on. An onset is found where one lies within 50 ms, each counts
once, as in MIREX. The reference is spectral flux, librosa's default, on the same passages.
"""

import argparse
import time

import librosa
import numpy as np
from mir_eval.util import match_events

import auricle
from auricle.audio.synthesis.notes.curves import SAMPLE_RATE
from auricle.audio.synthesis.notes.note import Note, play
from auricle.audio.synthesis.notes.params import INSTRUMENT_NAMES, NotesDemoParams
from auricle.audio.synthesis.notes.plan import plan_notes
from auricle.inference.onsets import PassageParams, find_notes

SEED, NOTES, WITHIN_S = 1913, 16, 0.05
GAPS = {"one after the other": (0.0, 0.15), "overlapping by up to 120 ms": (-0.12, 0.0)}


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--model", help="whose predictions are timed, such as notes.note_analyzer")
    options.add_argument("--run-root", help="where its environment keeps its data")
    chosen = options.parse_args()
    params = NotesDemoParams(
        seed=SEED,
        notes_per_instrument=NOTES,
        players_per_instrument=4,
        duration_s=(0.25, 2.0),
        broken_files=False,
    )
    notes = [file.note for file in plan_notes(params)]
    onsets_table(notes)
    if chosen.model:
        speed_table(notes, chosen.model, chosen.run_root)


def onsets_table(notes: list[Note]) -> None:
    print("| notes | | onsets | precision | recall | F |\n|---|---|---|---|---|---|")
    for name, gaps in GAPS.items():
        passages = [
            joined([note for note in notes if note.instrument == player], gaps) for player in INSTRUMENT_NAMES
        ]
        for who, find in (("Auricle", ours), ("librosa", librosas)):
            found = [find(samples) for samples, _ in passages]
            pairs = sum(
                len(match_events(onsets, these, WITHIN_S))
                for (_, onsets), these in zip(passages, found, strict=True)
            )
            expected, count = sum(len(onsets) for _, onsets in passages), sum(map(len, found))
            print(
                f"| {name} | {who} | {expected} | {pairs / count:.3f} | {pairs / expected:.3f}"
                f" | {2 * pairs / (expected + count):.3f} |"
            )


def speed_table(notes: list[Note], name: str, run_root: str | None) -> None:
    model = auricle.load(name, run_root=run_root, device="cpu", cache_size=10_000)
    sounds, players = [play(note).render() for note in notes], [note.instrument for note in notes]
    model.predict(sounds[:8], sampling_rate=SAMPLE_RATE)
    print("\n| notes | ms a note |\n|---|---|")
    for what in ("one by one", "as a list", "the same list again"):
        if what != "the same list again":
            model.cache_clear()
        begun = time.perf_counter()
        if what == "one by one":
            for sound, player in zip(sounds, players, strict=True):
                model.predict(sound, sampling_rate=SAMPLE_RATE, instrument=player)
        else:
            model.predict(sounds, sampling_rate=SAMPLE_RATE, instrument=players)
        print(f"| {what} | {1000 * (time.perf_counter() - begun) / len(sounds):.2f} |")
    print(f"\nhit rate {model.cache_info().hit_rate:.2f}: {model.cache_info()}")


def joined(notes: list[Note], gaps_s: tuple[float, float]) -> tuple[np.ndarray, list[float]]:
    rng, onsets, at = np.random.default_rng(SEED), [], 0
    passage = np.zeros(0, dtype=np.float32)
    for note in notes:
        played = play(note)
        sound = played.render()
        onsets.append(at / SAMPLE_RATE + played.gesture.start_s)
        passage = np.pad(passage, (0, max(0, at + len(sound) - len(passage))))
        passage[at : at + len(sound)] += sound
        at += len(sound) + round(rng.uniform(*gaps_s) * SAMPLE_RATE)
    return passage, onsets


def ours(samples: np.ndarray) -> list[float]:
    return [start / SAMPLE_RATE for start, _ in find_notes(samples, SAMPLE_RATE, PassageParams())]


def librosas(samples: np.ndarray) -> list[float]:
    return list(librosa.onset.onset_detect(y=samples, sr=SAMPLE_RATE, units="time", backtrack=True))


if __name__ == "__main__":
    main()
