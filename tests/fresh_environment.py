"""A machine with nothing but Auricle, for tests: a virtual environment of its own."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NO_NETWORK = re.compile(
    r"error sending request|dns error|failed to fetch|network is unreachable|"
    r"connect(ion)? (error|refused)|timed? ?out",
    re.IGNORECASE,
)


class Environment:
    """A fresh virtual environment, with the packages that the lock pins."""

    def __init__(self, folder: Path) -> None:
        beside = Path(sys.executable).parent / "uv"
        found = str(beside) if beside.is_file() else shutil.which("uv")
        if found is None:
            pytest.skip("uv is not installed: nothing makes a fresh environment here")
        self.uv, self.folder = found, folder
        # A copy, since building writes beside the sources.
        self.project = folder / "project"
        shutil.copytree(
            ROOT / "src", self.project / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
        )
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(ROOT / name, self.project / name)
        lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
        pins = [line.rstrip(" \\") for line in lock.splitlines() if re.match(r"[A-Za-z0-9]", line)]
        self.pins = folder / "pins.txt"
        self.pins.write_text("\n".join(pins) + "\n", encoding="utf-8")
        self.python = folder / "venv/bin/python"
        self._run([self.uv, "venv", "--quiet", "--python", sys.executable, str(folder / "venv")])

    def install(self, extra: str = "") -> None:
        """Install the project with its base dependencies, and those of an extra."""
        self.pip_install("--constraint", self.pins, f"{self.project}{extra}")

    def pip_install(self, *arguments: object) -> None:
        """Install packages; the test is skipped where none can be had."""
        command = [self.uv, "pip", "install", "--quiet", "--python", str(self.python)]
        result = subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True, check=False)
        if result.returncode and NO_NETWORK.search(result.stderr):
            pytest.skip(f"no package can be had here: {result.stderr.strip().splitlines()[-1]}")
        assert result.returncode == 0, result.stderr

    def python_says(self, code: str, *arguments: object) -> str:
        return self._run([str(self.python), "-c", code, *map(str, arguments)])

    def _run(self, command: list[str]) -> str:
        hidden = ("PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME")
        environment = {name: value for name, value in os.environ.items() if name not in hidden}
        result = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=self.folder, env=environment
        )
        assert result.returncode == 0, result.stderr
        return result.stdout
