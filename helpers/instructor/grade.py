"""Grade a class: one job for each submission, side by side, and one writer for the gradebook.

    submitted/STUDENT/ASSIGNMENT/    as it was handed in, never changed
    .grading/ASSIGNMENT/STUDENT/     its job, see `job`
    autograded/, gradebook.db        written by nbgrader itself, from finished jobs

Everything may be broken off at any moment; the same command goes on where it stopped.
"""

import contextlib
import signal
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table as RichTable
from traitlets.config import Config

from helpers import paths, profiles
from helpers.instructor import isolation, workers
from helpers.instructor.gradebook import Writer
from helpers.instructor.grading import configuration, release_path
from helpers.instructor.job import FOLDER, Grader, Job


def run(
    assignment: str,
    *,
    students: Iterable[str] = (),
    count: int | None = None,
    force: bool = False,
    collect: bool = False,
    require_isolation: bool = False,
    course: Path | None = None,
) -> int:
    """Grade what was handed in; the command `course grade`.

    Args:
        assignment: its name.
        students: whose submissions; everybody's if empty.
        count: how many jobs at a time; one for each processor core if None.
        force: run everything again.
        collect: first collect what is new in nbgrader's exchange.
        require_isolation: refuse to run anything that cannot be isolated.
        course: the folder with `submitted/`; the course's own if None.

    Returns:
        0, or 1 if some job could not be done, for a reason that is not the student's.
    """
    console = Console(highlight=False)
    course = (course or paths.course_root()).resolve()
    if reason := isolation.why_not():
        console.print(f"[bold red]Not isolated.[/bold red] {escape(reason)}", soft_wrap=True)
        if require_isolation:
            return 1
        console.print("Student code runs on your own account, with plain limits.")
    config = configuration(course)
    coursedir = CourseDirectory(config=config)
    if collect and (problem := _collect(coursedir, config, assignment)):
        console.print(f"[red]Nothing was collected.[/red] {escape(problem)}", soft_wrap=True)
        return 1
    jobs = _find_jobs(coursedir, assignment, set(students))
    if not jobs:
        console.print(f"Nothing was handed in for {assignment} in {_submitted(coursedir)}.")
        return 0
    try:
        grader = Grader(assignment, release_path(coursedir, assignment, assignment), config)
    except FileNotFoundError as error:
        console.print(f"[red]Nothing can be graded.[/red] {escape(str(error))}", soft_wrap=True)
        return 1
    writer = Writer(assignment, config)
    todo = [job for job in jobs if force or not grader.is_done(job)]
    unwritten = [job for job in jobs if job not in todo and not writer.is_written(job)]
    table = Table(console, len(todo) + len(unwritten))
    events = workers.do(
        todo,
        course,
        assignment,
        config,
        count=count or profiles.usable_cores(),
        force=force,
    )
    try:
        with _asked_to_stop() as asked, table, contextlib.closing(events):
            for job in unwritten:
                table.tell(workers.Event(job, "begun"))
                table.tell(_written(writer, workers.Event(job, "finished")))
                _stop_if(asked)
            for event in events:
                if event and event.kind == "finished":
                    event = _written(writer, event)
                table.tell(event)
                _stop_if(asked)
    except KeyboardInterrupt:
        console.print("Interrupted. What is finished is kept: the same command goes on.")
        return 130
    for student, problem in table.failed.items():
        console.print(f"[red]{escape(student)}:[/red] {escape(problem)}", soft_wrap=True)
    console.print(
        f"{assignment}: {len(jobs) - len(table.failed)} graded, {len(table.failed)} failed. "
        f"{len(todo)} had to be run or judged; the others were up to date."
    )
    return int(bool(table.failed))


def _collect(coursedir: CourseDirectory, config: Config, assignment: str) -> str:
    """Let nbgrader copy what is new in its exchange to `submitted/`; return what went wrong."""
    result = NbGraderAPI(coursedir, config=config).collect(assignment, update=True)
    return "" if result["success"] else result.get("error") or result["log"]


def _submitted(coursedir: CourseDirectory) -> Path:
    return Path(coursedir.root) / coursedir.submitted_directory


def _find_jobs(coursedir: CourseDirectory, assignment: str, students: set[str]) -> list[Job]:
    folders = sorted(_submitted(coursedir).glob(f"*/{assignment}"))
    place = Path(coursedir.root) / FOLDER / assignment
    jobs = [Job(each.parent.name, each, place / each.parent.name) for each in folders]
    return [job for job in jobs if not students or job.student in students]


def _written(writer: Writer, event: workers.Event) -> workers.Event:
    """Write a new result of a finished job, and return the event: a failure if that failed."""
    problem = "" if writer.is_written(event.job) else writer.write(event.job)
    return workers.Event(event.job, "failed", problem) if problem else event


@contextlib.contextmanager
def _asked_to_stop() -> Iterator[list[int]]:
    """Note Ctrl+C, SIGTERM and a closed terminal; a second one does not wait for what is written.

    An exception from just anywhere could break off nbgrader while it writes, or be lost in a
    destructor. What the caller was told to ignore (`nohup`) stays ignored.

    Yields:
        The numbers of the signals that came.
    """
    came: list[int] = []

    def note(number: int, _: object) -> None:
        if came:
            raise KeyboardInterrupt
        came.append(number)

    known = [getattr(signal, name, None) for name in ("SIGINT", "SIGTERM", "SIGHUP")]
    before = {number: signal.getsignal(number) for number in known if number is not None}
    heard = [number for number, handler in before.items() if handler != signal.SIG_IGN]
    for number in heard:
        signal.signal(number, note)
    try:
        yield came
    finally:
        for number in heard:
            signal.signal(number, before[number])


def _stop_if(asked: list[int]) -> None:
    if asked:
        raise KeyboardInterrupt


class Table:
    """What is done, what is running and since when, what failed, and the time that is left.

    Args:
        console: where to show it.
        total: how many jobs there are.

    Attributes:
        failed: why, by student.
    """

    def __init__(self, console: Console, total: int):
        self.failed: dict[str, str] = {}
        self._running: dict[str, float] = {}
        self._cold = ""
        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("graded,"), TimeRemainingColumn())
        self._progress = Progress(*columns, TextColumn("left"), console=console)
        self._bar = self._progress.add_task("", total=total)
        self._live = Live(console=console, get_renderable=self.draw, refresh_per_second=4)

    def __enter__(self) -> "Table":
        """Begin to show it."""
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave it as it ended."""
        self._running.clear()
        self._live.stop()

    def tell(self, event: workers.Event | None) -> None:
        """Take in what happened."""
        if event is None:
            return
        if event.kind == "begun":
            self._running[event.job.student] = time.monotonic()
            return
        self._running.pop(event.job.student, None)
        self._progress.advance(self._bar)
        if event.kind == "failed":
            self.failed[event.job.student] = event.problem
        if event.cold and event.cold != self._cold:
            self._cold = event.cold
            self._live.console.print(
                "[bold red]Kernels start cold, which takes seconds each.[/bold red] "
                f"{escape(event.cold)}",
                soft_wrap=True,
            )

    def draw(self) -> Group:
        """Return the table as it stands."""
        now = time.monotonic()
        table = RichTable("running", "seconds", "failed", box=None, padding=(0, 2, 0, 0))
        running = [(student, f"{now - since:.0f}") for student, since in self._running.items()]
        failed = [escape(student) for student in list(self.failed)[-5:]]
        for row in range(max(len(running), len(failed))):
            student, seconds = running[row] if row < len(running) else ("", "")
            table.add_row(escape(student), seconds, failed[row] if row < len(failed) else "")
        return Group(self._progress, table) if table.row_count else Group(self._progress)
