"""Signals that ask for the end: heeded once, and never lost."""

import signal

import pytest
from kedro.pipeline import Node

from auricle.errors import StoppedError, StopSignal
from auricle.run_hooks import RunHooks
from auricle.runs.signals import ended_by


class Dropped:
    """A signal comes while it is thrown away, and Python drops what is raised there."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGTERM)


def same(value: int) -> int:
    return value


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_one_that_python_has_dropped_is_heeded_when_it_comes_again() -> None:
    with ended_by(signal.SIGTERM) as asked:
        Dropped()
        assert asked.number == signal.SIGTERM
        with pytest.raises(StopSignal):
            signal.raise_signal(signal.SIGTERM)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_one_that_python_has_dropped_ends_the_run_before_the_next_node() -> None:
    hooks, node = RunHooks(), Node(same, "given", "made")
    with ended_by(signal.SIGTERM) as hooks.asked:
        hooks.before_node_run(node)
        Dropped()
        with pytest.raises(StopSignal):
            hooks.before_node_run(node)


def test_another_does_not_disturb_what_heeds_the_first() -> None:
    done = []
    with ended_by(signal.SIGTERM), pytest.raises(StoppedError):
        try:
            try:
                signal.raise_signal(signal.SIGTERM)
            finally:
                signal.raise_signal(signal.SIGTERM)
                done.append("workers")
        except StopSignal as asked:
            signal.raise_signal(signal.SIGTERM)
            done.append("hooks")
            raise StoppedError(asked.number) from asked
    assert done == ["workers", "hooks"]


def test_after_it_all_signals_do_what_they_did() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with ended_by(signal.SIGTERM):
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before
