"""A writer killed with SIGKILL at random moments: every committed record is whole, none is torn."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from auricle.audio.store import SpectrogramStore
from auricle.errors import ConfigurationError

DIGEST = "0123456789ab"
BANDS = 64
CHUNK = 4
KILLS = 25

# The content follows from the key, so that the parent can tell a whole record from a torn or foreign one.
# Each chunk is acknowledged after it was appended, so that the parent knows what must be there.
WRITER = """
import sys
from pathlib import Path
from tests.audio.test_store_kill import BANDS, CHUNK, DIGEST, expected, key_of
from auricle.audio.store import SpectrogramStore

with SpectrogramStore.open(Path(sys.argv[1]), DIGEST, BANDS, mode="a") as store:
    print(f"open {len(store)}", flush=True)
    number = len(store) // CHUNK
    while True:
        keys = [key_of(number * CHUNK + i) for i in range(CHUNK)]
        store.append({key: expected(key) for key in keys})
        print(f"done {number}", flush=True)
        number += 1
"""


def key_of(number: int) -> str:
    return f"{number:016x}"


def expected(key: str) -> np.ndarray:
    rng = np.random.default_rng(int(key, 16))
    return rng.uniform(-80, 40, (BANDS, int(rng.integers(50, 1_500)))).astype(np.float16)


def start_writer(root: Path) -> subprocess.Popen[str]:
    repository = Path(__file__).parents[2]
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(root)], stdout=subprocess.PIPE, text=True, cwd=repository
    )


def kill_after(writer: subprocess.Popen[str], seconds: float) -> tuple[int, int]:
    """Kill the writer so long after it opened; returns the chunks it found and the last it acknowledged."""
    assert writer.stdout is not None
    word, found = writer.stdout.readline().split()
    assert word == "open"
    time.sleep(seconds)
    os.kill(writer.pid, signal.SIGKILL)
    said = writer.stdout.read().split("\n")[:-1]  # what was being said when it died was not said
    acknowledged = [int(line.removeprefix("done ")) for line in said]
    assert writer.wait() == -signal.SIGKILL
    return int(found) // CHUNK, max(acknowledged, default=int(found) // CHUNK - 1)


@pytest.mark.slow
def test_survives_kill_at_random_moments(tmp_path: Path) -> None:
    moments = random.Random(0)
    chunks = torn = 0
    for _ in range(KILLS):
        found, last = kill_after(start_writer(tmp_path), moments.uniform(0, 0.15))
        assert found == chunks, "the writer must find exactly what the reader found after the kill before"
        with SpectrogramStore.open(tmp_path, DIGEST, BANDS) as store:
            chunks = len(store) // CHUNK
            # What was acknowledged is there, and at most the chunk in flight besides.
            assert len(store) % CHUNK == 0
            assert last + 1 <= chunks <= last + 2
            assert list(store) == [key_of(number) for number in range(len(store))]
            for key in list(store)[found * CHUNK :]:
                np.testing.assert_array_equal(store[key], expected(key))
            committed = sum(store.frames(key) for key in store)
        torn += (tmp_path / DIGEST / "frames.f16").stat().st_size != committed * BANDS * 2
    with SpectrogramStore.open(tmp_path, DIGEST, BANDS) as store:
        assert store.verify() == []
    # Otherwise the kills hit nothing and the test shows nothing.
    assert chunks > KILLS
    assert torn > 0


def test_a_killed_writer_gives_its_lock_back_and_a_living_one_does_not(tmp_path: Path) -> None:
    writer = start_writer(tmp_path)
    assert writer.stdout is not None
    assert writer.stdout.readline().startswith("open")
    with pytest.raises(ConfigurationError, match=f"another process \\(id {writer.pid}\\)"):
        SpectrogramStore.open(tmp_path, DIGEST, BANDS, mode="a")
    os.kill(writer.pid, signal.SIGKILL)
    writer.stdout.read()
    writer.wait()
    with SpectrogramStore.open(tmp_path, DIGEST, BANDS, mode="a") as store:
        store.append({"after": expected(key_of(0))})
        np.testing.assert_array_equal(store["after"], expected(key_of(0)))
