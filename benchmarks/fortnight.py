"""Fourteen nights of retraining on a corpus that grows: what came, and whether what was decided was right.

Each night is a real `kedro run --pipelines=retrain` in a copy of the project, on recordings that Auricle
synthesizes: 240 clips of 40 artists for validation, which are labelled rightly all the time, and training
recordings that come day by day. On the sixth day those that come have had their labels dealt out at random:
their challenger must lose. On the ninth the labels are put right, and many more recordings come: it must win.
Both for every seed, which draws all artists anew. Prints a table of each fortnight, and what each seed has
come to; ends with 1 where a day came out wrong.

    python benchmarks/fortnight.py                          # and of four more seeds the days that decide
    python benchmarks/fortnight.py --seeds=1 --keep=/tmp/f  # one, kept with its page
"""

import argparse
import csv
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import yaml

from auricle.audio.synthesis.broken import DEFECTS
from auricle.audio.synthesis.clips import Clip
from auricle.audio.synthesis.encoding import draw_encoding
from auricle.audio.synthesis.plan import PlannedFile
from auricle.models.champion import read_moves
from auricle.retraining.decisions import read_decisions
from auricle.runs.exit_codes import ExitCode
from project_copy import REPOSITORY, copy_of_project

MODEL, ENV = "genre.random_forest", "fortnight"
GENRES = ("blues", "folk", "jazz", "reggae")
SECONDS = 2.5
NEW, DECIDED = {ExitCode.NOTHING_NEW}, {ExitCode.PROMOTED, ExitCode.KEPT}
PARAMETERS: dict[str, Any] = {
    "studies": ["genre"],
    "retrain": {
        "models": [MODEL],
        # Forests grow with their corpus, here tenfold; and time is no part of what is shown.
        "rule": {"size": {"max_ratio": None}, "latency": {"max_ratio": None, "recordings": 0}},
    },
    "triggers": {"min_new_recordings": 4, "max_age_days": None},
    "genre": {
        "ingest": {
            "layout_options": {"split_column": "split"},
            "near_duplicates": {"enabled": False},
            "workers": 1,
        },
        "descriptors": {"tempo": False},
        "random_forest": {"train": {"n_estimators": 50, "importance_repeats": 1, "n_jobs": 1}},
    },
}


@dataclass(frozen=True)
class Size:
    """How many artists of each genre, and clips of each, come when.

    Attributes:
        decides: whether they are enough for days to come out as they must.
    """

    validation: tuple[int, int] = (10, 6)
    test: tuple[int, int] = (2, 2)
    first: tuple[int, int] = (1, 2)
    growth: int = 1
    mislabelled: tuple[int, int] = (5, 4)
    improvement: tuple[int, int] = (10, 4)
    decides: bool = True


# Of so few clips nothing can be shown, and then nothing is promoted that could be rolled back.
LENIENT = {"min_improvement": -1.0, "max_label_drop": 1.0, "max_calibration_worsening": None}
SMALL = Size((2, 2), (1, 2), (1, 2), 1, (1, 2), (2, 2), decides=False)


@dataclass
class Recordings:
    """The folder of recordings: files, and what metadata.csv says of them."""

    folder: Path
    seed: int
    rows: dict[str, dict[str, str]] = field(default_factory=dict)
    artists: int = 0
    takes: int = 100

    def add_artists(self, count: tuple[int, int], split: str) -> list[str]:
        """New artists of every genre, each with some clips; returns the names of the files."""
        artists, clips = count
        first, self.artists = self.artists, self.artists + artists
        return [
            self._add(genre, artist, take, split)
            for genre in GENRES
            for artist in range(first, self.artists)
            for take in range(clips)
        ]

    def add_takes(self, artist: int, count: int) -> list[str]:
        """More clips of an artist of each genre, for training."""
        self.takes += count
        takes = range(self.takes - count, self.takes)
        return [self._add(genre, artist, take, "train") for genre in GENRES for take in takes]

    def add_broken(self) -> None:
        """A file of each defect."""
        for take, defect in enumerate(DEFECTS):
            self._add(GENRES[take % len(GENRES)], 0, 1000 + take, "train", defect)

    def shuffle_labels(self, names: list[str]) -> dict[str, str]:
        """Deal the labels of some files out at random; returns the right ones."""
        right = {name: self.rows[name]["label"] for name in names}
        dealt = list(right.values())
        random.Random(self.seed).shuffle(dealt)
        self.relabel(dict(zip(names, dealt, strict=True)))
        return right

    def relabel(self, labels: dict[str, str]) -> None:
        """Give files other labels."""
        for name, label in labels.items():
            self.rows[name]["label"] = label

    def write(self) -> None:
        """Write metadata.csv."""
        with (self.folder / "metadata.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, ["file_name", "label", "artist", "split"])
            writer.writeheader()
            writer.writerows(self.rows.values())

    def _add(self, genre: str, artist: int, take: int, split: str, defect: str | None = None) -> str:
        clip = Clip(self.seed, genre, artist, take, SECONDS)
        encoding = DEFECTS[defect][0] if defect else draw_encoding(self.seed, artist, take)
        planned = PlannedFile(clip, encoding, defect)
        path = self.folder / "audio" / planned.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(planned.contents())
        self.rows[planned.name] = {
            "file_name": f"audio/{planned.name}",
            "label": genre,
            "artist": f"{genre} {artist}",
            "split": split,
        }
        return planned.name


@dataclass
class Night:
    """What came of one day, and whether it came out right."""

    day: int
    what: str
    code: int
    seconds: float
    right: bool
    champion: float | None = None
    challenger: float | None = None
    outcome: str = ""


class Fortnight:
    """A project of its own, and its nights."""

    def __init__(self, folder: Path, seed: int, size: Size) -> None:
        self.project, self.size, self.seed = folder / "project", size, seed
        self.recordings = Recordings(folder / "recordings", seed)
        self.nights: list[Night] = []
        self.wrong_labels: dict[str, str] = {}
        self.rolled_back_to: str | None = None
        _make_project(self.project, self.recordings.folder, decides=size.decides)

    @property
    def run_root(self) -> Path:
        """Where the project writes."""
        return self.project / "data" / ENV

    @property
    def champion(self) -> str | None:
        """The version that consumers load."""
        moves = read_moves(self.run_root / "06_models" / MODEL.replace(".", "/") / "champion.json")
        return moves[-1].version if moves else None

    @property
    def decisions(self) -> list[dict[str, Any]]:
        """All decisions so far."""
        return read_decisions(self.run_root / "08_reporting" / MODEL.replace(".", "/") / "decision.json")

    def live(self, days: list[int]) -> None:
        """Live through some days, in their order."""
        for day in days:
            what, come, expected = DAYS[day]
            if day in DECIDING[1:] and not self.size.decides:
                expected = DECIDED
            night = come(self)
            before, decided = self.champion, len(self.decisions)
            started = time.monotonic()
            code = night() if night else self.run()
            told = self.decisions[-1] if len(self.decisions) > decided else None
            # What was not promoted has to have left the champion as it was, or as a person has put it.
            moved = self.champion not in (before, self.rolled_back_to)
            right = code in expected and moved == (code == ExitCode.PROMOTED)
            found = Night(day, what, code, round(time.monotonic() - started, 1), right)
            self._note(found, told)
            self.nights.append(found)
            print(row(found), flush=True)

    def _note(self, night: Night, decision: dict[str, Any] | None) -> None:
        night.outcome = {11: "nothing new"}.get(night.code, "failed")
        if decision is None:
            return
        night.outcome = decision["outcome"]
        failed = [check["name"] for check in decision["checks"] if not check["passed"]]
        night.outcome += f" ({', '.join(failed)})" if failed else ""
        figures = decision["figures"]
        if figures:
            deciding = figures["figures"][figures["decides"]]
            night.champion, night.challenger = deciding["champion"], deciding["challenger"]

    def run(self) -> int:
        """One night; returns what kedro exits with."""
        return self._kedro("run", "--pipelines=retrain", log="a").wait()

    def killed(self) -> int:
        """A night that is killed at a random moment, and the next, which resumes it."""
        *_, typical = [20.0, *(night.seconds for night in self.nights if night.code in DECIDED)]
        before, decided = self.champion, len(self.decisions)
        process = self._kedro("run", "--pipelines=retrain", log="a")
        try:
            process.wait(random.Random(self.seed).uniform(0.1, 0.8) * typical)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if process.returncode != -signal.SIGKILL:
            return int(ExitCode.FAILED)  # it was done before: nothing was killed, and nothing is shown
        promised = {
            told["challenger"]["version"]
            for told in self.decisions[decided:]
            if told["outcome"] == "promoted"
        }
        assert self.champion in {before, *promised}, "a killed run has moved the champion without a decision"
        moved, code = self.champion != before, self.run()
        if code != ExitCode.NOTHING_NEW or len(self.decisions) == decided:
            return code
        # It had decided before it was killed, and moved the champion where it was to move.
        return int(ExitCode.PROMOTED if moved else ExitCode.KEPT)

    def rolled_back(self) -> int:
        """The champion before is brought back, and stays through a night with nothing new."""
        before = self.champion
        if self._kedro("rollback", MODEL, "--reason=it hums", log="a").wait() != 0 or self.champion == before:
            return int(ExitCode.FAILED)
        self.rolled_back_to = self.champion
        code = self.run()
        return code if self.champion == self.rolled_back_to else int(ExitCode.FAILED)

    def tell(self) -> Path:
        """The page of the history."""
        assert self._kedro("run", "--pipelines=history", log="a").wait() == 0
        return self.run_root / "08_reporting" / MODEL.replace(".", "/") / "history.html"

    def _kedro(self, *arguments: str, log: str) -> "subprocess.Popen[bytes]":
        paths = [str(REPOSITORY / "src"), os.environ.get("PYTHONPATH", "")]
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
            "AURICLE_ASKED_BY": "the fortnight",
            "DO_NOT_TRACK": "1",
        }
        with (self.project / "log.txt").open(log) as file:
            return subprocess.Popen(
                [sys.executable, "-m", "kedro", *arguments, f"--env={ENV}"],
                cwd=self.project,
                env=environment,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # its children are killed with it
            )


Come = Callable[[Fortnight], Callable[[], int] | None]


def first(days: Fortnight) -> None:
    recordings, size = days.recordings, days.size
    recordings.add_artists(size.first, "train")  # first, so that they are number 0 and on
    recordings.add_artists(size.validation, "validation")
    recordings.add_artists(size.test, "test")
    recordings.write()


def more(days: Fortnight) -> None:
    days.recordings.add_takes(0, days.size.growth)
    days.recordings.write()


def nothing(_: Fortnight) -> None:
    """Nothing comes."""


def broken(days: Fortnight) -> None:
    days.recordings.add_broken()
    days.recordings.write()


def mislabelled(days: Fortnight) -> None:
    names = days.recordings.add_artists(days.size.mislabelled, "train")
    days.wrong_labels = days.recordings.shuffle_labels(names)
    days.recordings.write()


def improvement(days: Fortnight) -> None:
    days.recordings.relabel(days.wrong_labels)
    days.recordings.add_artists(days.size.improvement, "train")
    days.recordings.write()


def killed(days: Fortnight) -> Callable[[], int]:
    more(days)
    return days.killed


def rolled_back(days: Fortnight) -> Callable[[], int]:
    return days.rolled_back


DAYS: dict[int, tuple[str, Come, set[ExitCode]]] = {
    1: ("the first corpus", first, {ExitCode.PROMOTED}),
    2: ("more clips", more, DECIDED),
    3: ("nothing", nothing, NEW),
    4: ("broken files", broken, NEW),
    5: ("more clips", more, DECIDED),
    6: ("many clips, mislabelled", mislabelled, {ExitCode.KEPT}),
    7: ("nothing", nothing, NEW),
    8: ("more clips; killed, and run again", killed, DECIDED),
    9: ("labels put right, many clips", improvement, {ExitCode.PROMOTED}),
    10: ("more clips", more, DECIDED),
    11: ("nothing; rolled back before", rolled_back, NEW),
    12: ("more clips", more, DECIDED),
    13: ("nothing", nothing, NEW),
    14: ("more clips", more, DECIDED),
}
DECIDING = [1, 6, 9]  # the first corpus, the day that must lose, and the day that must win
HEADER = (
    "| day | what came | exit code | outcome | champion's macro-F1 | challenger's | seconds | right |\n"
    "|---|---|---|---|---|---|---|---|"
)


def row(night: Night) -> str:
    figures = ["" if value is None else f"{value:.3f}" for value in (night.champion, night.challenger)]
    cells = [night.day, night.what, night.code, night.outcome, *figures, f"{night.seconds:.0f}"]
    return f"| {' | '.join(map(str, cells))} | {'yes' if night.right else '**no**'} |"


def _make_project(project: Path, recordings: Path, *, decides: bool) -> None:
    copy_of_project(project, source=False)
    (environment := project / "conf" / ENV).mkdir()
    globals_of = {"run_root": f"data/{ENV}", "recordings": str(recordings)}
    (environment / "globals.yml").write_text(yaml.safe_dump(globals_of), encoding="utf-8")
    parameters = {**PARAMETERS, "genre": PARAMETERS["genre"] | {"demo": {"enabled": False}}}
    if not decides:
        lenient = PARAMETERS["retrain"]["rule"] | LENIENT
        parameters["retrain"] = PARAMETERS["retrain"] | {"rule": lenient}
    (environment / "parameters.yml").write_text(yaml.safe_dump(parameters), encoding="utf-8")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--seeds", type=int, default=5, help="random seeds, each with artists of its own")
    asked.add_argument("--full", type=int, default=1, help="of how many seeds all fourteen days are lived")
    asked.add_argument("--first-seed", type=int, default=1)
    asked.add_argument(
        "--small", action="store_true", help="fewer clips, too few to decide anything: for tests"
    )
    asked.add_argument("--keep", type=Path, help="a new folder that the projects are kept in")
    asked.add_argument("--json", type=Path, help="a file for the nights of all seeds")
    options = asked.parse_args()
    size = SMALL if options.small else Size()
    told: dict[int, list[Night]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        for place in range(options.seeds):
            seed = options.first_seed + place
            days = Fortnight((options.keep or Path(temporary)) / f"seed-{seed}", seed, size)
            print(f"\nseed {seed}\n\n{HEADER}", flush=True)
            days.live(list(DAYS) if place < options.full else DECIDING)
            told[seed] = days.nights
            if place < options.full:
                print(f"\nhistory: {days.tell()}", flush=True)
    if options.json:
        nights = {seed: [asdict(night) for night in found] for seed, found in told.items()}
        options.json.write_text(json.dumps(nights, indent=2), encoding="utf-8")
    print("\n| seed | the day that must lose | the day that must win | all days |\n|---|---|---|---|")
    for seed, nights in told.items():
        by_day = {night.day: night.right for night in nights}
        cells = [by_day.get(6), by_day.get(9), all(by_day.values())]
        print(f"| {seed} | {' | '.join('right' if cell else '**wrong**' for cell in cells)} |")
    sys.exit(not all(night.right for nights in told.values() for night in nights))


if __name__ == "__main__":
    main()
