"""What a long loop shows: sparse lines in a log, a bar on a terminal, and never a changed item."""

import logging
import sys

import pytest

from auricle import progress
from auricle.progress import track


@pytest.fixture
def talkative(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """A log without the pause of seconds between lines."""
    monkeypatch.setattr(progress, "LOG_INTERVAL_S", 0.0)
    caplog.set_level(logging.INFO, logger="auricle.progress")
    return caplog


class TestWithoutTerminal:
    def test_items_pass_unchanged_and_lazily(self) -> None:
        taken = []
        numbers = track((taken.append(n) or n for n in range(5)), total=5, description="count")  # type: ignore[func-returns-value]
        assert next(numbers) == 0
        assert taken == [0]
        assert list(numbers) == [1, 2, 3, 4]

    def test_a_line_every_tenth(self, talkative: pytest.LogCaptureFixture) -> None:
        list(track(range(1000), description="decode"))
        assert len(talkative.messages) == 10
        assert talkative.messages[0].startswith("decode: 100 of 1,000 files (10%), ")
        assert talkative.messages[0].endswith("s left")
        assert talkative.messages[-1].startswith("decode: 1,000 of 1,000 files (100%), ")

    def test_a_fast_loop_is_one_line(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, logger="auricle.progress")
        list(track(range(1000), description="decode", unit="clip"))
        (line,) = caplog.messages
        assert line.startswith("decode: 1,000 of 1,000 clips (100%), ")
        assert "done in" in line

    def test_without_a_total_it_counts(self, talkative: pytest.LogCaptureFixture) -> None:
        list(track(iter(range(3)), description="read"))
        assert talkative.messages[0].startswith("read: 1 files, ")
        assert talkative.messages[-1].startswith("read: 3 of 3 files (100%)")

    def test_nothing_to_do_is_no_line(self, talkative: pytest.LogCaptureFixture) -> None:
        assert list(track([], description="decode")) == []
        assert talkative.messages == []

    def test_an_error_in_the_loop_comes_through(self) -> None:
        with pytest.raises(ZeroDivisionError):
            list(track((1 // n for n in (1, 0)), total=2, description="divide"))


class TestOnATerminal:
    def test_a_bar_instead_of_lines(
        self,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        talkative: pytest.LogCaptureFixture,
    ) -> None:
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
        assert list(track(range(20), description="decode", unit="clip")) == list(range(20))
        assert "decode: 100%" in capsys.readouterr().err
        assert talkative.messages == []
