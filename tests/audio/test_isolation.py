"""What the isolation of files in child processes promises: a bad file costs itself, and nothing else."""

import logging
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import isolated_tasks as tasks
import pytest

from auricle.audio import isolation
from auricle.audio.isolated import serve
from auricle.audio.isolation import MAX_ITEM_BYTES, WINDOW_PER_CHILD, IsolationError, map_isolated
from auricle.audio.limits import AudioLimits
from auricle.errors import AudioError

LIMITS = AudioLimits()


def run(function: Callable[[Any], Any], items: Any, *, workers: int = 2, **limits: Any) -> list[Any]:
    pairs = list(
        map_isolated(function, items, workers=workers, limits=AudioLimits(**limits), description="test")
    )
    assert [item for item, _ in pairs] == list(items)
    return [result for _, result in pairs]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1]


class TestResults:
    def test_each_item_comes_with_its_result(self) -> None:
        assert run(tasks.double, range(100)) == [2 * n for n in range(100)]

    def test_order_is_that_of_the_items_though_the_first_is_slowest(self) -> None:
        assert run(tasks.slow_if_first, range(30), workers=3) == list(range(30))

    def test_results_larger_than_a_pipe_come_whole(self) -> None:
        results = run(tasks.large, range(6))
        assert [set(result.tolist()) for result in results] == [{n} for n in range(6)]

    def test_no_items_need_no_child(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(subprocess, "Popen", None)
        assert run(tasks.double, []) == []

    def test_workers_default_to_the_usable_cores(self) -> None:
        results = dict(map_isolated(tasks.pid, range(50), limits=LIMITS, description="test"))
        assert 1 <= len(set(results.values())) <= len(os.sched_getaffinity(0))

    def test_progress_is_told(self, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.INFO, logger="auricle.progress"):
            list(map_isolated(tasks.double, range(3), workers=1, limits=LIMITS, description="read songs"))
        assert "read songs: 3 of 3 files" in caplog.text


class TestRefusals:
    def test_an_audio_error_is_the_result_of_its_item(self) -> None:
        results = run(tasks.refuse_odd, range(4))
        assert results[0::2] == [0, 2]
        assert [str(result) for result in results[1::2]] == ["1 is odd", "3 is odd"]
        assert not any(isinstance(result, IsolationError) for result in results)

    def test_the_note_with_the_name_of_the_file_survives(self) -> None:
        (error,) = run(tasks.refuse_odd, [1])
        assert error.__notes__ == ["file: 1"]


class TestMisfortunes:
    """Each hits one item; those before it, behind it and at hand in the same child come out well."""

    @pytest.mark.parametrize(
        ("order", "reason"),
        [
            ("killed", "killed by SIGKILL, most likely because memory ran out"),
            ("killed while answering", "killed by SIGKILL"),
            ("segfault", "killed by SIGSEGV"),
            ("exit", "exit code 3"),
            ("memory", "needs more than max_memory_mb 256"),
            ("bug", "unforeseen KeyError: 'a bug'"),
            ("unpicklable", "unforeseen"),
        ],
    )
    def test_costs_only_its_own_item(self, order: str, reason: str) -> None:
        items = ["a", order, "b", "c", "d", order, "e"]
        results = run(tasks.obey, items, workers=2, max_memory_mb=256)
        for item, result in zip(items, results, strict=True):
            if item == order:
                assert isinstance(result, IsolationError)
                assert reason in str(result)
            else:
                assert result == item

    @pytest.mark.parametrize("order", ["sleep", "spin"])
    def test_an_overlong_item_is_ended(self, order: str) -> None:
        results = run(tasks.obey, ["a", order, "b"], workers=1, timeout_s=0.5)
        assert results[::2] == ["a", "b"]
        assert isinstance(results[1], IsolationError)
        assert "took longer than timeout_s 0.5" in str(results[1])

    def test_every_item_may_be_fatal(self) -> None:
        results = run(tasks.obey, ["killed"] * 3, workers=2)
        assert all(isinstance(result, AudioError) for result in results)

    def test_a_slow_consumer_is_not_blamed_on_the_files(self) -> None:
        results = []
        for _, result in map_isolated(
            tasks.double, range(6), workers=1, limits=AudioLimits(timeout_s=0.3), description="test"
        ):
            time.sleep(0.5)
            results.append(result)
        assert results == [0, 2, 4, 6, 8, 10]

    def test_the_traceback_of_a_bug_is_logged_once(self, caplog: pytest.LogCaptureFixture) -> None:
        run(tasks.obey, ["bug", "bug", "bug"], workers=1)
        (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
        assert 'raise KeyError("a bug")' in record.getMessage()


class TestMemoryLimit:
    def test_counts_from_what_the_libraries_map(self) -> None:
        within, beyond = run(tasks.allocate_mb, [48, 96], workers=1, max_memory_mb=64)
        assert within == 1
        assert isinstance(beyond, IsolationError)

    def test_a_child_that_was_refused_memory_goes_on(self) -> None:
        results = run(tasks.allocate_mb, [10_000, 1, 10_000, 1], workers=1, max_memory_mb=64)
        assert results[1::2] == [1, 1]


class TestChildren:
    def test_load_neither_torch_nor_kedro_though_the_parent_may(self) -> None:
        (modules,) = run(tasks.loaded_modules, [0])
        assert "isolated_tasks" in modules
        assert not {"torch", "transformers", "kedro", "pandas", "librosa", "pytest"} & set(modules)

    def test_compute_on_one_thread(self) -> None:
        assert run(tasks.threads, [0]) == [{"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}]

    def test_are_gone_when_the_results_are(self) -> None:
        pids = set(run(tasks.pid, range(8)))
        assert not any(is_alive(pid) for pid in pids)

    def test_are_gone_when_the_consumer_stops_early(self) -> None:
        results = map_isolated(tasks.pid_then_hang, [0, 1], workers=1, limits=LIMITS, description="test")
        assert isinstance(results, Iterator)
        _, pid = next(results)
        assert is_alive(pid)
        results.close()  # type: ignore[attr-defined]
        assert not is_alive(pid)

    def test_only_a_few_items_are_in_work_at_a_time(self, tmp_path: Path) -> None:
        items = range(100)
        results = map_isolated(
            partial(tasks.leave_mark, folder=tmp_path), items, workers=2, limits=LIMITS, description="test"
        )
        next(results)
        time.sleep(0.5)
        assert len(list(tmp_path.iterdir())) <= 2 * WINDOW_PER_CHILD
        assert len(list(results)) == 99
        assert len(list(tmp_path.iterdir())) == 100

    def test_die_with_a_parent_that_was_killed(self, tmp_path: Path) -> None:
        """One child waits for an item, one hangs in its item: neither may outlive its parent for long."""
        script = tmp_path / "parent.py"
        script.write_text(
            textwrap.dedent(
                f"""
                import sys
                sys.path.insert(0, {str(Path(tasks.__file__).parent)!r})
                import isolated_tasks as tasks
                from auricle.audio import isolation
                from auricle.audio.limits import AudioLimits
                limits = AudioLimits(timeout_s=3)
                results = isolation.map_isolated(
                    tasks.pid_then_hang, [0, 0, 1], workers=2, limits=limits, description="test"
                )
                print(next(results)[1], next(results)[1], flush=True)
                next(results)
                """
            )
        )
        with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as parent:
            assert parent.stdout is not None
            pids = {int(pid) for pid in parent.stdout.readline().split()}
            os.kill(parent.pid, signal.SIGKILL)
        deadline = time.monotonic() + 30
        while any(is_alive(pid) for pid in pids) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert pids
        assert not any(is_alive(pid) for pid in pids)


class TestMainModule:
    """The parent's main module is the command `kedro`, which must not be imported in each child."""

    @staticmethod
    def start(script: Path) -> list[str]:
        environment = {**os.environ, "PYTHONPATH": str(Path(tasks.__file__).parent)}
        done = subprocess.run(
            [sys.executable, str(script)], check=True, capture_output=True, text=True, env=environment
        )
        return done.stdout.splitlines()

    def test_is_not_run_again(self, tmp_path: Path) -> None:
        mark = tmp_path / "runs"
        script = tmp_path / "kedro"
        script.write_text(
            textwrap.dedent(
                f"""
                with open({str(mark)!r}, "a") as stream:
                    stream.write("run ")
                import isolated_tasks as tasks
                from auricle.audio.isolation import map_isolated
                from auricle.audio.limits import AudioLimits
                print(list(map_isolated(
                    tasks.double, [1, 2], workers=2, limits=AudioLimits(), description="test"
                )))
                """
            )
        )
        assert self.start(script) == ["[(1, 2), (2, 4)]"]
        assert mark.read_text() == "run "

    def test_may_define_the_function_itself(self, tmp_path: Path) -> None:
        script = tmp_path / "bench.py"
        script.write_text(
            textwrap.dedent(
                """
                from functools import partial
                from auricle.audio.isolation import map_isolated
                from auricle.audio.limits import AudioLimits

                def add(item, more):
                    return item + more

                if __name__ == "__main__":
                    print([r for _, r in map_isolated(
                        partial(add, more=1), [1, 2], workers=1, limits=AudioLimits(), description="test"
                    )])
                """
            )
        )
        assert self.start(script) == ["[2, 3]"]


class TestServing:
    """The child's side, in this process: what it answers, and when it ends."""

    @staticmethod
    def stop_sending(pipe: Connection) -> None:
        """The child reads the end of the pipe, and its answers can still be received."""
        with socket.socket(fileno=os.dup(pipe.fileno())) as end:
            end.shutdown(socket.SHUT_WR)

    def test_answers_each_item_until_the_parent_is_gone(self) -> None:
        ours, theirs = Pipe()
        items = ["a", "bug", "unpicklable", "b"]
        for item in items:
            ours.send(item)
        self.stop_sending(ours)
        with theirs:
            serve(theirs, tasks.obey, LIMITS)
        assert [ours.recv()[0] for _ in items] == ["ok", "unforeseen", "unforeseen", "ok"]

    def test_a_refusal_and_a_lack_of_memory_are_no_bugs(self) -> None:
        ours, theirs = Pipe()
        for item in (1, 2**43):
            ours.send(item)
        self.stop_sending(ours)
        with theirs:
            serve(theirs, tasks.refuse_odd_and_allocate, LIMITS)
        kind, error = ours.recv()
        assert (kind, str(error)) == ("refused", "1 is odd")
        assert ours.recv() == ("memory", None)

    def test_ends_when_nobody_listens(self) -> None:
        ours, theirs = Pipe()
        ours.send(1)
        ours.send(2)
        ours.close()
        with theirs:
            serve(theirs, tasks.double, LIMITS)

    def test_leaves_no_alarm_behind(self) -> None:
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


class TestBadCalls:
    def test_an_interpreter_that_does_not_start(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "executable", "/bin/false")
        results = map_isolated(tasks.double, [1], workers=1, limits=LIMITS, description="test")
        with pytest.raises(RuntimeError, match=r"ended before it was ready \(exit code 1\)"):
            next(results)

    def test_a_child_that_is_never_ready(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(isolation, "STARTUP_TIMEOUT_S", 0.0)
        results = map_isolated(tasks.double, [1], workers=1, limits=LIMITS, description="test")
        with pytest.raises(RuntimeError, match="not ready within 0 s"):
            next(results)

    def test_no_workers(self) -> None:
        with pytest.raises(ValueError, match="workers is 0; it must be at least 1, or None"):
            map_isolated(tasks.double, [1], workers=0, limits=LIMITS, description="test")

    def test_contents_instead_of_names(self) -> None:
        results = map_isolated(
            tasks.double, [bytes(MAX_ITEM_BYTES)], workers=1, limits=LIMITS, description="test"
        )
        with pytest.raises(ValueError, match="pass the name of what is to be read"):
            next(results)

    def test_a_function_that_children_cannot_import(self, monkeypatch: pytest.MonkeyPatch) -> None:
        module = type(sys)("only_here")
        exec("def f(x): return x", module.__dict__)
        monkeypatch.setitem(sys.modules, "only_here", module)
        results = map_isolated(module.f, [1], workers=1, limits=LIMITS, description="test")
        with pytest.raises(RuntimeError, match=r"(?s)cannot start.*No module named 'only_here'"):
            next(results)
