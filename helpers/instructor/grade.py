"""Grade a class: one job for each submission, side by side, and one writer for the gradebook.

    submitted/STUDENT/ASSIGNMENT/    as it was handed in, never changed
    .grading/ASSIGNMENT/STUDENT/     its job: the notebook rebuilt and executed, what it handed
                                     over, and the verdicts on that
    autograded/, gradebook.db        written by nbgrader itself, from finished jobs

A job depends on nothing but the submission, the release, and this version of the course. So it may
be interrupted, and nothing runs twice that need not: what was run is kept under a hash of what went
in, what was judged under a hash of the checks.
"""

import hashlib
import io
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.apps import NbGrader
from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy.exc import SAWarning
from traitlets.config import Config

from helpers import paths, profiles
from helpers.checks import HANDOVER_VARIABLE
from helpers.instructor import isolation, submission, verdict
from helpers.instructor.grading import Run, released_notebook, remove_handover

JOBS = ".grading"
JUDGES = (
    *("regularization", "transfer", "deployment"),
    *("histories", "probes", "messages", "report"),
)
VERSIONS = ("tensorflow", "keras", "numpy", "ipykernel")


@dataclass(frozen=True)
class Job:
    """One submission to be graded.

    Attributes:
        student: the student's id.
        folder: where everything about the job is kept.
    """

    student: str
    folder: Path

    @property
    def rebuilt(self) -> Path:
        """The notebook to run."""
        return self.folder / "rebuilt.ipynb"

    @property
    def executed(self) -> Path:
        """The notebook after it ran."""
        return self.folder / "executed.ipynb"

    @property
    def handover(self) -> Path:
        """The folder with what its checks handed over."""
        return self.folder / "handover"

    @property
    def verdicts(self) -> Path:
        """The verdict of each check."""
        return self.folder / "verdicts.json"

    @property
    def state(self) -> dict[str, str]:
        """The hashes of what was run, judged and written, as far as that has been done."""
        try:
            return json.loads((self.folder / "state.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}

    def remember(self, **state: str) -> None:
        """Add to the state."""
        text = json.dumps(self.state | state)
        _write(self.folder / "state.json", text)


def run(
    assignment: str,
    *,
    students: Iterable[str] = (),
    workers: int | None = None,
    force: bool = False,
    require_isolation: bool = False,
    course: Path | None = None,
) -> int:
    """Grade what was handed in; the command `course grade`.

    Args:
        assignment: its name.
        students: whose submissions; everybody's if empty.
        workers: how many jobs at a time; one for each processor core if None.
        force: run everything again.
        require_isolation: refuse to run anything that cannot be isolated.
        course: the folder with `submitted/`; the course's own if None.

    Returns:
        0, or 1 if some job could not be done, for a reason that is not the student's.
    """
    console = Console()
    course = (course or paths.course_root()).resolve()
    if reason := isolation.why_not():
        console.print(f"[bold red]Not isolated.[/bold red] {reason}", soft_wrap=True)
        if require_isolation:
            return 1
        console.print("Student code runs on your own account, with plain limits.")
    config = _config(course)
    coursedir = CourseDirectory(config=config)
    released = released_notebook(coursedir, assignment, assignment)
    jobs = _prepare(coursedir, assignment, released, set(students))
    if not jobs:
        console.print(f"Nothing was handed in for {assignment}.")
        return 0
    todo = [job for job in jobs if force or _is_to_do(job)]
    failed = _work(console, course, todo, workers or profiles.usable_cores(), force=force)
    graded = [job for job in jobs if job.student not in failed]
    failed |= _record(console, config, assignment, graded)
    for student, problem in failed.items():
        console.print(f"[red]{student}:[/red] {problem}", soft_wrap=True)
    console.print(
        f"{assignment}: {len(jobs) - len(failed)} graded, {len(failed)} failed. "
        f"{len(todo)} had to be run or judged; the others were up to date."
    )
    return int(bool(failed))


def work(course: Path, folder: Path) -> None:
    """Do one job in this process: run the notebook if need be, then judge.

    Args:
        course: the folder with `nbgrader_config.py`.
        folder: the job's.
    """
    job = Job(folder.name, folder)
    os.environ["NBGRADER_EXECUTION"] = "autograde"  # the profile `grade`, and no verdict inside
    config = _config(course)
    ran, judged = _run_key(job), _judge_key()
    if job.state.get("ran") != ran:
        _execute(job, config)
        job.remember(ran=ran, judged="")
    verdicts = verdict.judge(job.handover, config.Judge.get("timeout", 300))
    _write(job.verdicts, json.dumps(verdicts))
    job.remember(judged=judged)


def _execute(job: Job, config: Config) -> None:
    if job.handover.exists():
        remove_handover(job.handover)
    notebook = nbformat.read(job.rebuilt, as_version=4)
    runner = Run(config=config)
    runner.handover_in = job.folder
    notebook, _ = runner.preprocess(notebook, {"metadata": {"path": str(job.folder)}})
    Path(os.environ.pop(HANDOVER_VARIABLE)).rename(job.handover)
    _write(job.executed, nbformat.writes(notebook))


def _prepare(
    coursedir: CourseDirectory, assignment: str, released: NotebookNode, students: set[str]
) -> list[Job]:
    """Rebuild every submission into the folder of its job."""
    root = Path(coursedir.root)
    jobs = []
    for folder in sorted((root / coursedir.submitted_directory).glob(f"*/{assignment}")):
        student = folder.parent.name
        if students and student not in students:
            continue
        job = Job(student, root / JOBS / assignment / student)
        job.folder.mkdir(parents=True, exist_ok=True)
        try:
            path = submission.find_notebook(folder, assignment)
            answers = submission.take_answers(submission.read_notebook(path), released)
            rebuilt = submission.rebuild(released, answers)
        except submission.Unreadable as error:
            rebuilt = submission.unreadable(released, str(error))
        _write(job.rebuilt, nbformat.writes(rebuilt))
        jobs.append(job)
    return jobs


def _is_to_do(job: Job) -> bool:
    return (job.state.get("ran"), job.state.get("judged")) != (_run_key(job), _judge_key())


def _run_key(job: Job) -> str:
    """Return a hash of all that the run of a notebook depends on."""
    notebook = nbformat.read(job.rebuilt, as_version=4)
    sources = [(cell.cell_type, cell.source) for cell in notebook.cells]
    versions = [(name, metadata.version(name)) for name in VERSIONS]
    parts = (sources, versions, submission.notes_of(notebook), _hash_of_helpers(judges=False))
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _judge_key() -> str:
    """Return a hash of all that a verdict depends on, beside what was handed over."""
    return _hash_of_helpers(judges=True)


def _hash_of_helpers(*, judges: bool) -> str:
    """Return a hash of the course's own code; without what only judges, if told so."""
    root = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        inside = path.relative_to(root).parts
        if inside[0] == "instructor" or (
            not judges and inside[0] == "checks" and path.stem in JUDGES
        ):
            continue
        digest.update(repr(inside).encode() + path.read_bytes())
    return digest.hexdigest()


def _work(
    console: Console, course: Path, jobs: list[Job], workers: int, *, force: bool
) -> dict[str, str]:
    """Do the jobs, each in a process of its own; return what went wrong, by student."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    failed: dict[str, str] = {}
    running: set[subprocess.Popen] = set()

    def work_on(job: Job) -> None:
        if force:
            job.remember(ran="")
        command = [sys.executable, "-m", "helpers.instructor.grade", str(course), str(job.folder)]
        process = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl+C is for us; what was begun is ended below
        )
        running.add(process)
        _, log = process.communicate()
        running.discard(process)
        if process.returncode:
            raise RuntimeError(log.strip()[-2000:] or f"exit status {process.returncode}")

    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task("running and judging", total=len(jobs))
        pool = ThreadPoolExecutor(workers)
        futures = {pool.submit(work_on, job): job for job in jobs}
        try:
            for future in as_completed(futures):
                if error := future.exception():
                    failed[futures[future].student] = str(error)
                told = f"running and judging, {len(failed)} failed" if failed else None
                progress.update(task, advance=1, description=told)
        except KeyboardInterrupt:
            console.print("Interrupted. What is finished is kept: the same command goes on.")
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(running):
                os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            pool.shutdown()
    return failed


class Finished(NbGraderPreprocessor):
    """Take the notebook of a finished job, with its verdicts, in place of running it."""

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Return the job's notebook with points and findings."""
        names = resources["nbgrader"]
        job = Job(names["student"], Path(JOBS, names["assignment"], names["student"]))
        notebook = nbformat.read(job.executed, as_version=4)
        verdict.write_into(notebook, json.loads(job.verdicts.read_text(encoding="utf-8")))
        return notebook, resources


def _record(console: Console, config: Config, assignment: str, jobs: list[Job]) -> dict[str, str]:
    """Let nbgrader write finished jobs into `autograded/` and into its gradebook, one by one.

    Returns:
        What went wrong, by student.
    """
    coursedir = CourseDirectory(config=config)
    root = Path(coursedir.root)
    fresh = [
        job for job in jobs if job.state.get("recorded") != _recorded_key(root, assignment, job)
    ]
    failed: dict[str, str] = {}
    if not fresh:
        return failed
    submitted = root / coursedir.submitted_directory
    clean = Path(JOBS, "submitted")
    shutil.rmtree(root / clean, ignore_errors=True)
    for job in fresh:  # what nbgrader reads: nothing in it can surprise it
        folder = root / clean / job.student / assignment
        folder.mkdir(parents=True)
        shutil.copy(job.rebuilt, folder / f"{assignment}.ipynb")
        if time := submission.read_timestamp(submitted / job.student / assignment):
            (folder / "timestamp.txt").write_text(time, encoding="utf-8")
    config = config.copy()
    config.CourseDirectory.submitted_directory = str(clean)
    config.CourseDirectory.assignment_id = assignment
    config.Autograde.autograde_preprocessors = [
        Finished if name.endswith(".Run") else name
        for name in config.Autograde.autograde_preprocessors
        if not name.endswith(".Judge")
    ]
    with Progress(console=console) as progress, warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # nbgrader's own, of no consequence
        task = progress.add_task("writing into the gradebook", total=len(fresh))
        for job in fresh:
            config.CourseDirectory.student_id = job.student
            writer = Autograde(coursedir=CourseDirectory(config=config), config=config)
            writer.log.setLevel(logging.ERROR)
            writer.force = True
            told = io.StringIO()
            writer.log.addHandler(handler := logging.StreamHandler(told))
            try:
                writer.start()
                job.remember(recorded=_recorded_key(root, assignment, job))
            except NbGraderException:
                failed[job.student] = f"nbgrader could not write the result.\n{told.getvalue()}"
            finally:
                writer.log.removeHandler(handler)
            progress.advance(task)
    shutil.rmtree(root / clean, ignore_errors=True)
    return failed


def _recorded_key(root: Path, assignment: str, job: Job) -> str:
    """Return what tells that a job was written: what it held, and that the result is there."""
    there = (root / "autograded" / job.student / assignment).is_dir()
    return f"{job.state.get('ran')} {job.state.get('judged')}" if there else ""


def _config(course: Path) -> Config:
    """Return nbgrader's configuration of a course."""
    os.chdir(course)
    app = NbGrader()
    app.load_config_file()
    return app.config


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    partial = path.with_suffix(".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


if __name__ == "__main__":
    work(Path(sys.argv[1]), Path(sys.argv[2]))
