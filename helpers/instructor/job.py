"""One submission to be graded: from what was handed in to an executed notebook and its verdicts.

    .grading/ASSIGNMENT/STUDENT/
        executed.ipynb   the submission, rebuilt from the released notebook, after it ran
        handover/        what its checks handed over
        verdicts.json    the verdict on that
        state.json       what of it is done, by hashes of all that went in, and how long it took

A job depends on nothing but the submission, the release, and this version of the course. So it may
be broken off at any moment, done twice, or done on another machine. What ran is kept under a hash
of what went in, what was judged under a hash of the checks: a corrected check judges again what was
handed over, and runs nothing.
"""

import hashlib
import json
import os
import shutil
import stat
import sys
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader import utils
from traitlets.config import Config

from helpers.checks import HANDOVER_VARIABLE
from helpers.instructor import isolation, submission, verdict
from helpers.instructor.grading import Judge, Rebuild, Run

FOLDER = ".grading"
VERSIONS = ("tensorflow", "keras", "numpy", "ipykernel")
# The parts of `helpers.checks` that only judge: they change no run. `deployment` hands over, too.
JUDGES = ("regularization", "transfer", "histories", "operations", "probes", "messages", "report")


@dataclass(frozen=True)
class Job:
    """A submission, and everything that is kept about it.

    Attributes:
        student: the student's id.
        handed_in: the folder with what the student handed in; it is never changed.
        folder: where everything about the job is kept.
    """

    student: str
    handed_in: Path
    folder: Path

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
        """The file with the verdict of each check."""
        return self.folder / "verdicts.json"

    @property
    def state(self) -> dict[str, Any]:
        """The hashes of what was read, rebuilt (`whole`), run, judged and recorded, as far as done.

        And `seconds_run` and `seconds_judged`: how long that took.
        """
        try:
            return json.loads((self.folder / "state.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}

    def remember(self, **state: Any) -> None:
        """Add to the state."""
        write_whole(self.folder / "state.json", json.dumps(self.state | state))

    def graded_notebook(self) -> NotebookNode:
        """Return the executed notebook with points and findings in its test cells."""
        notebook = nbformat.read(self.executed, as_version=4)
        verdict.write_into(notebook, json.loads(self.verdicts.read_text(encoding="utf-8")))
        return notebook


class Grader:
    """Does jobs of one assignment, one after another.

    Args:
        assignment: its name.
        released: the file of the notebook that the students got.
        config: nbgrader's configuration, for the limits.
    """

    def __init__(self, assignment: str, released: Path, config: Config):
        self._assignment, self._config = assignment, config
        release = released.read_bytes()
        self._released = nbformat.reads(release.decode(), as_version=4)
        self._added_cells = Rebuild(config=config).added_cells
        readers = Path(submission.__file__).read_bytes()
        self._reading = _hash(release, readers, self._added_cells)
        versions = [sys.version_info[:2], *((name, metadata.version(name)) for name in VERSIONS)]
        self._running = _hash(versions, hash_of_helpers(judges=False))
        self._judging = hash_of_helpers(judges=True)

    def is_done(self, job: Job) -> bool:
        """Tell whether a job needs neither to be run nor to be judged."""
        state = job.state
        return (
            state.get("read") == self._hash_of_submission(job)
            and state.get("run_with") == self._running
            and state.get("judged") == self._hash_of_judging(state.get("ran"))
        )

    def do(self, job: Job, *, force: bool = False) -> None:
        """Rebuild the submission, run it if that has not been done, and judge what it hands over.

        Args:
            job: the job.
            force: run it in any case.
        """
        job.folder.mkdir(parents=True, exist_ok=True)
        read, rebuilt = self._hash_of_submission(job), self.rebuild(job)
        code = [cell.source for cell in _code_cells(rebuilt)]
        ran = _hash(code, submission.notes_of(rebuilt), self._running)
        whole = _hash(nbformat.writes(rebuilt))
        if force or job.state.get("ran") != ran:
            job.remember(ran="", judged="", recorded="")
            began = time.monotonic()
            self._run(job, rebuilt)
            took = round(time.monotonic() - began, 3)
            job.remember(ran=ran, run_with=self._running, seconds_run=took)
        elif job.state.get("whole") != whole:
            job.remember(recorded="")
            _take_over(rebuilt, job.executed)
        if job.state.get("judged") != self._hash_of_judging(ran):
            job.remember(recorded="")
            began = time.monotonic()
            self._judge(job)
            took = round(time.monotonic() - began, 3)
            job.remember(judged=self._hash_of_judging(ran), seconds_judged=took)
        job.remember(read=read, whole=whole)

    def _hash_of_submission(self, job: Job) -> str:
        """Return a hash of the notebook that was handed in, or of the reason why it is unreadable.

        Raises nothing: whatever is wrong with a submission is told to the student.
        """
        try:
            path = submission.find_notebook(job.handed_in, self._assignment)
            status = path.lstat()
            is_read = stat.S_ISREG(status.st_mode) and status.st_size <= submission.LARGEST_FILE
            content = path.read_bytes() if is_read else (status.st_mode, status.st_size)
            return _hash(self._reading, path.name, content)
        except (submission.Unreadable, OSError) as error:
            return _hash(self._reading, str(error))

    def rebuild(self, job: Job) -> NotebookNode:
        """Return what is to be run: the released notebook, with the answers that can be read."""
        try:
            path = submission.find_notebook(job.handed_in, self._assignment)
            answers = submission.take_answers(submission.read_notebook(path), self._released)
        except (submission.Unreadable, OSError) as error:
            return submission.unreadable(self._released, str(error))
        return submission.rebuild(self._released, answers, added_cells=self._added_cells)

    def _run(self, job: Job, rebuilt: NotebookNode) -> None:
        # With it go the profile `grade`, and checks that only hand over.
        with utils.setenv(NBGRADER_EXECUTION="autograde"):
            executed, _ = Run(config=self._config).preprocess(rebuilt, {})
        handed_over = Path(os.environ.pop(HANDOVER_VARIABLE))
        isolation.remove(job.handover)
        isolation.unlock(handed_over)
        _copy_files(handed_over, job.handover)
        isolation.remove(handed_over)
        write_whole(job.executed, nbformat.writes(executed))

    def _judge(self, job: Job) -> None:
        judge = Judge(config=self._config)
        shown = isolation.make_folder("handover")
        try:
            _copy_files(job.handover, shown)
            verdicts = verdict.judge(shown, judge.timeout, is_warm=judge.warm)
        finally:
            isolation.remove(shown)
        write_whole(job.verdicts, json.dumps(verdicts))

    def _hash_of_judging(self, ran: str | None) -> str:
        return _hash(self._judging, ran)


def hash_of_helpers(*, judges: bool) -> str:
    """Return a hash of the course's own code.

    Args:
        judges: whether what only judges counts as well.
    """
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


def write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(text, encoding="utf-8", errors="replace")
    partial.replace(path)


def _take_over(rebuilt: NotebookNode, executed: Path) -> None:
    """Write a notebook whose code is that of an executed one, with other text, in its place."""
    ran = nbformat.read(executed, as_version=4)
    pairs = zip(_code_cells(rebuilt), _code_cells(ran), strict=True)
    for cell, before in pairs:
        cell.outputs, cell.execution_count = before.outputs, before.execution_count
        cell.metadata = before.metadata
    rebuilt.metadata = ran.metadata
    write_whole(executed, nbformat.writes(rebuilt))


def _code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _copy_files(source: Path, target: Path) -> None:
    """Copy folders and plain files; leave out links and whatever else somebody made on purpose.

    Everybody may read the copy, whatever this user grants to others: another one may judge it.
    """
    target.mkdir(parents=True, exist_ok=True)
    target.chmod(0o755)
    for entry in os.scandir(source):
        if entry.is_dir(follow_symlinks=False):
            _copy_files(Path(entry), target / entry.name)
        elif entry.is_file(follow_symlinks=False):
            shutil.copyfile(entry, target / entry.name, follow_symlinks=False)
            (target / entry.name).chmod(0o644)


def _hash(*parts: Any) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()
