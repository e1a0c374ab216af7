"""Processes that do jobs side by side: one job at a time each, on one processor core each.

A job gets one core whatever else goes on, so that neither its result nor its time depends on how
many are done at once. A worker that dies or hangs costs its job and no other: another one takes its
place. Workers end with the process that started them, at whatever moment that ends.
"""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from helpers.instructor import isolation, warm
from helpers.instructor.grading import Judge, Run, configuration, release_path
from helpers.instructor.job import Grader, Job

SLACK = 120  # seconds a job may take beyond the limits of its notebook and of its verdict


@dataclass(frozen=True)
class Event:
    """What happened to a job.

    Attributes:
        job: the job.
        kind: `begun`, `finished` or `failed`.
        problem: why it failed, which is never the student's doing.
        cold: why there was no warm process for it; empty if there was, or none was wanted.
    """

    job: Job
    kind: str
    problem: str = ""
    cold: str = ""


def do(
    jobs: Sequence[Job],
    course: Path,
    assignment: str,
    config: Config,
    *,
    count: int,
    force: bool = False,
) -> Iterator[Event | None]:
    """Do jobs in worker processes, and yield what happens; None now and then, when nothing does.

    Whoever stops listening (closes the iterator) ends the workers and what they were doing.

    Args:
        jobs: the jobs.
        course: the course's folder.
        assignment: the assignment's name.
        config: nbgrader's configuration.
        count: how many workers.
        force: whether to run again what has been run.
    """
    waiting: queue.SimpleQueue[Job] = queue.SimpleQueue()
    for job in jobs:
        waiting.put(job)
    limit = Run(config=config).notebook_timeout + Judge(config=config).timeout + SLACK
    workers = [_Worker(course, assignment, core, limit) for core in range(min(count, len(jobs)))]
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    for worker in workers:
        arguments = (worker, waiting, events, force)
        threading.Thread(target=_work_through, args=arguments, daemon=True).start()
    left = len(jobs)
    try:
        while left:
            try:
                event = events.get(timeout=0.25)
            except queue.Empty:
                yield None
            else:
                left -= event.kind != "begun"
                yield event
    finally:
        with contextlib.suppress(queue.Empty):
            while True:
                waiting.get_nowait()
        for worker in workers:
            worker.end()
        isolation.remove_leftovers()


def _work_through(
    worker: "_Worker", waiting: queue.SimpleQueue, events: queue.SimpleQueue, force: bool
) -> None:
    """Let one worker do jobs as long as there are any."""
    with contextlib.suppress(queue.Empty):
        while True:
            job = waiting.get_nowait()
            events.put(Event(job, "begun"))
            answer = worker.do(job, force=force)
            kind = "failed" if answer["problem"] else "finished"
            events.put(Event(job, kind, answer["problem"], answer.get("cold", "")))


class _Worker:
    """One worker, as seen from outside: its process, or the next one if that has ended."""

    def __init__(self, course: Path, assignment: str, core: int, limit: float):
        module = ["-m", "helpers.instructor.workers"]
        self._command = [sys.executable, *module, str(course), assignment, str(core)]
        self._limit = limit
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (it stays open)
        self._process: subprocess.Popen | None = None

    def do(self, job: Job, *, force: bool) -> dict[str, str]:
        """Let it do a job; return `problem`, which is empty if all went well, and `cold`."""
        if self._process is None or self._process.poll() is not None:
            self._process = self._start()
        process = self._process
        watch = threading.Timer(self._limit, _kill, [process])
        watch.start()
        request = [job.student, str(job.handed_in), str(job.folder), force]
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            if answer := process.stdout.readline():
                return json.loads(answer)
        except (OSError, ValueError):
            pass  # it ended in the middle
        finally:
            watch.cancel()
        status = process.wait()
        self._log.seek(0)
        last_words = self._log.read().decode(errors="replace").strip()[-2000:]
        return {"problem": f"The process that graded it ended with {status}. {last_words}".strip()}

    def end(self) -> None:
        """End its process, and what that was doing."""
        if self._process is not None:
            _kill(self._process)
            self._process.wait()

    def _start(self) -> subprocess.Popen:
        self._log.truncate(0)
        return subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            start_new_session=True,  # Ctrl+C is for whoever started it
        )


def _kill(process: subprocess.Popen) -> None:
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


def main(course: Path, assignment: str, core: int) -> None:
    """Do the jobs that are asked for on stdin; answer on stdout."""
    requests: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_read, args=[requests], daemon=True).start()
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)  # what anybody prints is no answer
        if hasattr(os, "sched_setaffinity"):
            cores = sorted(os.sched_getaffinity(0))
            os.sched_setaffinity(0, {cores[core % len(cores)]})
        config = configuration(course)
        released = release_path(CourseDirectory(config=config), assignment, assignment)
        grader = Grader(assignment, released, config)
        while True:
            student, handed_in, folder, force = json.loads(requests.get())
            answer = {"problem": "", "cold": ""}
            try:
                grader.do(Job(student, Path(handed_in), Path(folder)), force=force)
                answer["cold"] = warm.problem()
            except Exception:
                answer["problem"] = traceback.format_exc()[-2000:]
            print(json.dumps(answer), file=answers, flush=True)


def _read(requests: queue.SimpleQueue) -> None:
    """Pass on the lines of stdin; end this process when nobody is there to write any more."""
    for line in sys.stdin:
        requests.put(line)
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
