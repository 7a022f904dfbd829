"""What of requirements.lock an image needs, for its Dockerfile: python deploy/locked.py pipelines tags.

Prints the lock's own lines, hashes included, of the base dependencies, of the extras named, and of
whatever these need. Who needs what stands in the lock: `# via`. With --cpu torch is left out, and what it
needs for GPUs: its wheels for CPUs come from an index of their own, with other hashes, and --torch prints
which versions to ask it for. Nothing but Python 3.11 has to be there.
"""

import argparse
import re
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
VIA = re.compile(r"^ +# +(?:via +)?(?!via$)(\S+)", re.MULTILINE)
OF_TORCH = ("torch", "torchvision", "torchaudio")
OF_GPUS = ("nvidia-", "cuda-", "triton")


class Locked(NamedTuple):
    """A package of the lock; of one there may be several, for different machines."""

    name: str
    lines: str
    needed_by: frozenset[str]

    @property
    def pin(self) -> str:
        """`name==version`."""
        return self.lines.split()[0]


def normal(text: str) -> str:
    """The name that a requirement begins with, as the package index has it."""
    found = NAME.match(text)
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else ""


def read_lock(text: str) -> list[Locked]:
    """The packages of a lock that uv has written."""
    blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    return [Locked(normal(lines), lines, frozenset(map(normal, VIA.findall(lines)))) for lines in blocks]


def wanted_by(project: dict[str, Any], extras: Iterable[str]) -> set[str]:
    """The packages that the project names itself.

    Args:
        project: of pyproject.toml.
        extras: whose packages are wanted too; the script ends where there is none of that name.
    """
    optional = project["optional-dependencies"]
    if unknown := set(extras) - set(optional):
        sys.exit(f"There is no extra {', '.join(sorted(unknown))}. There are {', '.join(sorted(optional))}.")
    return {normal(line) for line in [*project["dependencies"], *(n for e in extras for n in optional[e])]}


def needed(lock: Iterable[Locked], wanted: Iterable[str]) -> list[Locked]:
    """The packages that are wanted, and those that they need, in the lock's order."""
    lock, names, before = list(lock), set(wanted), set[str]()
    while names != before:
        before = set(names)
        names |= {package.name for package in lock if package.needed_by & names}
    return [package for package in lock if package.name in names]


def main() -> None:
    """Print the lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("extras", nargs="*", help="extras of pyproject.toml")
    parser.add_argument("--cpu", action="store_true", help="without torch, and what it needs for GPUs")
    parser.add_argument(
        "--torch", action="store_true", help="the pins of torch and of what goes with it alone"
    )
    asked = parser.parse_args()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lock = read_lock((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    packages = needed(lock, wanted_by(project, asked.extras))
    if asked.torch:
        print(*(package.pin for package in packages if package.name in OF_TORCH))
        return
    left_out = [each for each in packages if each.name in OF_TORCH or each.name.startswith(OF_GPUS)]
    print(*(each.lines for each in packages if not (asked.cpu and each in left_out)), sep="", end="")


if __name__ == "__main__":
    main()
