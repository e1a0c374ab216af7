"""The parts of the course that plug into `nbgrader autograde`. `nbgrader_config.py` names them.

    Rebuild    take the released notebook, and only the answers from the submission
    Run        run it in an isolated kernel, with a folder for what its checks hand over
    Judge      let a clean process decide on what was handed over; write points and findings
    Rubric     show whoever grades an answer by hand what it is to be graded by

Between the last two, nbgrader records each check's points, as it does for any other test cell.
"""

import asyncio
import contextlib
import errno
import functools
import os
import re
import shutil
import signal
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
import psutil
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbclient.util import run_sync
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import NbGrader
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import Execute, NbGraderPreprocessor, SaveCells
from traitlets import Bool, Integer, Unicode
from traitlets.config import Config

from helpers.checks import HANDOVER_VARIABLE
from helpers.embedded import dataset
from helpers.instructor import isolation, submission, verdict
from helpers.instructor.kernels import KERNEL

MOST_FILES, DEEPEST_FOLDER = 10_000, 30  # of what is handed over
MARKS = re.compile(r"### (BEGIN|END) SOLUTION\n?")
# Before each cell, so that the same notebook gets the same result whatever kernel it runs in.
SEED = """__import__("random").seed(0), __import__("numpy").random.seed(0)
"keras" in __import__("sys").modules and __import__("keras").utils.set_random_seed(0)
"""
PATIENCE = 15.0  # seconds before a kernel that does not answer is asked something else
STRANGE = "The notebook's kernel did not answer as a kernel does"
RUBRIC = "**For whoever grades; students do not see this.**\n\n"


def configuration(course: Path) -> Config:
    """Make a course's folder the current one, and return nbgrader's configuration of it."""
    os.chdir(course)
    app = NbGrader()
    app.load_config_file()
    return app.config


def released_notebook(coursedir: CourseDirectory, assignment: str, notebook: str) -> NotebookNode:
    """Return the notebook that the students got.

    Raises:
        FileNotFoundError: it was not released; says how to.
    """
    return nbformat.read(release_path(coursedir, assignment, notebook), as_version=4)


def release_path(coursedir: CourseDirectory, assignment: str, notebook: str) -> Path:
    """Return the file of the notebook that the students got; raises as `released_notebook`."""
    folder = coursedir.format_path(coursedir.release_directory, ".", assignment)
    path = Path(coursedir.root) / folder / f"{notebook}.ipynb"
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing: the notebook that was given to the students. "
            "Run `make notebooks` in the course's folder."
        )
    return path


def register_assignment(assignment: str, **_: Any) -> None:
    """Enter a released assignment into the gradebook, if it is not there yet.

    nbgrader does so in `generate_assignment`, which a fresh clone with its finished notebooks has
    no need to run. Called by nbgrader as `Autograde.pre_convert_hook`.
    """
    config = configuration(Path.cwd())
    coursedir = CourseDirectory(config=config)
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        try:
            gradebook.find_assignment(assignment)
        except MissingEntry:
            gradebook.add_assignment(assignment)
        else:
            return
    notebook = released_notebook(coursedir, assignment, assignment)
    resources = {
        "nbgrader": {
            "notebook": assignment,
            "assignment": assignment,
            "db_url": coursedir.db_url,
        }
    }
    SaveCells(config=config).preprocess(notebook, resources)


class Rebuild(NbGraderPreprocessor):
    """Put the submission's answers into the released notebook, and grade that."""

    added_cells = Bool(
        True, help="Whether to run the code cells that a student has added, too."
    ).tag(config=True)

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Return the released notebook with the submission's answers."""
        names = resources["nbgrader"]
        released = released_notebook(
            CourseDirectory(parent=self), names["assignment"], names["notebook"]
        )
        problem = submission.notes_of(nb).get("problem")
        if not problem:
            try:
                answers = submission.take_answers(nb, released)
                return submission.rebuild(
                    released, answers, added_cells=self.added_cells
                ), resources
            except submission.Unreadable as error:
                problem = str(error)
        return submission.unreadable(released, problem), resources


class Run(Execute):
    """Run the notebook in a kernel of its own, and stop it when it goes beyond its limits.

    Whatever happens in there, the notebook is judged afterwards: what was handed over until then
    counts, and the reason for the end is told. What it took stands in the notebook's metadata.
    """

    kernel_name = Unicode(KERNEL, help="The kernel to run in.").tag(config=True)
    notebook_timeout = Integer(900, help="Seconds for the whole notebook.").tag(config=True)
    output_limit = Integer(20_000_000, help="Characters of output of the whole notebook.").tag(
        config=True
    )
    handover_limit = Integer(
        1_000_000_000, help="Bytes of the files that a notebook may write."
    ).tag(config=True)
    memory_limit = Integer(
        8 * 2**30, help="Bytes of memory of the kernel and all that it starts."
    ).tag(config=True)

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any], km: Any = None
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Return the notebook with its outputs; its metadata say why if it was stopped.

        Raises:
            OSError: the disk is too full to tell what is the notebook's own fault.
        """
        # Judge finds it through the same variable. nbgrader grades one notebook after another.
        handover = isolation.make_folder("handover")
        os.environ[HANDOVER_VARIABLE] = str(handover)
        if submission.notes_of(nb).get("problem"):
            return nb, resources
        _prepare_data()
        _require_room(handover, self.handover_limit)
        self._stopped, self._printed, self._started, self._most_memory = "", 0, False, 0
        over = threading.Event()
        watch = threading.Thread(target=self._watch, args=[over], daemon=True)
        watch.start()
        try:
            nb, resources = super().preprocess(nb, resources, km)
        except Exception as error:  # an isolated kernel can send anything, or nothing any more
            if not self._started:
                raise
            self._stopped = self._stopped or _why_it_ended(error, self.timeout)
        finally:
            over.set()
            watch.join()
        if _size(handover) > self.handover_limit:
            isolation.remove(handover)
            handover.mkdir()
            self._stopped = self._stopped or "The notebook wrote more than it may hand over."
        elif not self._stopped:
            _require_room(handover, self.handover_limit)
        if not _make_storable(nb):
            self._stopped = self._stopped or f"{STRANGE}."
        if self._stopped:
            self.log.warning(self._stopped)
            submission.note(nb, stopped=self._stopped)
        submission.note(nb, seconds=_seconds_in_cells(nb), memory=self._most_memory)
        return nb, resources

    def on_notebook_start(self, **_: Any) -> None:
        """Remember that the kernel answers, and that nobody answers it; called by nbclient."""
        self._started = True
        self.kc.stdin_channel.stop()

    def on_cell_start(self, **_: Any) -> None:
        """Let the cell draw the same random numbers every time; called by nbclient."""
        self.kc.execute(SEED, silent=True, store_history=False, stop_on_error=False)

    async def async_execute_cell(self, *which: Any, **how: Any) -> NotebookNode:
        """Run a cell; while the kernel does not answer, ask it now and then who it is.

        On a machine that is busy, a kernel may not notice a request until another one arrives (seen
        once with ipykernel 7.4.0; its issue 1554 tells the same of earlier versions). The cell of a
        student would run into its time.
        """
        asking = asyncio.ensure_future(self._keep_asking())
        try:
            return await super().async_execute_cell(*which, **how)
        finally:
            asking.cancel()

    execute_cell = run_sync(async_execute_cell)

    async def _keep_asking(self) -> None:
        wait = PATIENCE
        while True:
            await asyncio.sleep(wait)
            self.kc.kernel_info()  # nbclient ignores the answer
            wait *= 2

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> Any:
        """Count what is printed, on top of what nbclient does with a message."""
        self._printed += len(str(msg["content"])) + sum(map(len, msg.get("buffers", ())))
        if self._printed > self.output_limit:
            self._stop(f"The notebook printed more than {self.output_limit:,} characters.")
        return super().process_message(msg, cell, cell_index)

    def _watch(self, over: threading.Event) -> None:
        """Stop the kernel at its limits: nbclient only asks it to, and it need not listen."""
        end = time.monotonic() + self.notebook_timeout
        handover = Path(os.environ[HANDOVER_VARIABLE])
        while not over.wait(0.5):
            memory = self._memory()
            self._most_memory = max(self._most_memory, memory)
            if time.monotonic() > end:
                self._stop(f"The notebook ran for more than {self.notebook_timeout} seconds.")
            elif memory > self.memory_limit:
                self._stop(f"The notebook used more than {self.memory_limit:,} bytes of memory.")
            elif _size(handover) + self._size_of_own_folder() > self.handover_limit:
                self._stop(f"The notebook wrote more than {self.handover_limit:,} bytes.")

    def _size_of_own_folder(self) -> float:
        """Return the bytes of what the kernel wrote where it works."""
        folder = getattr(self.km and self.km.provisioner, "folder", None)
        return _size(folder) if folder else 0

    def _memory(self) -> int:
        """Return the bytes in memory of the kernel and all that it started."""
        provisioner = self.km and self.km.provisioner
        try:
            processes = psutil.Process(provisioner.pid).children(recursive=True)
        except (psutil.Error, AttributeError, TypeError):  # it has not begun, or is over
            return 0
        return sum(map(_memory_of, processes)) + _files_in_memory(processes)

    def _stop(self, reason: str) -> None:
        """Kill the kernel and whatever it started."""
        self._stopped = self._stopped or f"{reason} It was stopped."
        group = getattr(self.km and self.km.provisioner, "pgid", None)
        if group:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)


@functools.cache
def _prepare_data() -> None:
    """Prepare the data: from inside, nobody can write them to the user's cache."""
    if not dataset.is_prepared():
        dataset.prepare(progress=False)


def _seconds_in_cells(notebook: NotebookNode) -> float:
    """Return how long the cells ran, from the times that nbclient noted."""
    total = 0.0
    for cell in notebook.cells:
        times = cell.metadata.get("execution", {})
        with contextlib.suppress(KeyError, ValueError):
            start, end = (
                datetime.fromisoformat(times[f"iopub.status.{state}"]) for state in ("busy", "idle")
            )
            total += (end - start).total_seconds()
    return round(total, 3)


def _memory_of(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.Error):
        return process.memory_info().rss
    return 0


def _files_in_memory(processes: list[psutil.Process]) -> int:
    """Return the bytes of files that live in memory only, and are on no disk (Linux: memfd)."""
    sizes: dict[int, int] = {}
    for process in processes:
        with contextlib.suppress(OSError):
            for path in Path(f"/proc/{process.pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    if str(path.readlink()).startswith("/memfd:"):
                        status = path.stat()
                        sizes[status.st_ino] = 512 * status.st_blocks
    return sum(sizes.values())


def _why_it_ended(error: Exception, timeout: int) -> str:
    if isinstance(error, DeadKernelError):
        return "The kernel died: the notebook ended it, or needed too much memory."
    if isinstance(error, CellTimeoutError):
        return f"A cell ran for more than {timeout} seconds, and could not be interrupted."
    return f"{STRANGE} ({type(error).__name__})."


def _size(folder: Path) -> float:
    """Return the bytes in a folder that somebody else may be writing to.

    Returns:
        The sum of its files' sizes; infinity for more files, or deeper folders, than anybody needs.
    """
    total, count = 0, 0
    below = [(folder, 0)]
    while below:
        place, depth = below.pop()
        with contextlib.suppress(OSError):
            for entry in os.scandir(place):
                count += 1
                if count > MOST_FILES or depth > DEEPEST_FOLDER:
                    return float("inf")
                with contextlib.suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        below.append((Path(entry), depth + 1))
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
    return total


def _require_room(folder: Path, most: int) -> None:
    """Raise OSError if the disk has no room for what a notebook may write.

    Where another notebook has filled it, this one's results are worth nothing, and nobody's fault.
    """
    free = shutil.disk_usage(folder).free
    if free < most:
        raise OSError(
            errno.ENOSPC,
            f"{folder.parent} has {free / 1e6:,.0f} MB left, and a notebook may write "
            f"{most / 1e6:,.0f}. Make room and grade again",
        )


def _make_storable(notebook: NotebookNode) -> bool:
    """Make of what a kernel answered a notebook that can be stored.

    Returns:
        Whether it was one. If not, all outputs are gone; what was handed over is still judged.
    """
    for cell in notebook.cells:
        if cell.cell_type == "code":
            counts = [cell, *(o for o in cell.outputs if o.get("output_type") == "execute_result")]
            for each in counts:
                if not isinstance(each.get("execution_count"), int):
                    each["execution_count"] = None
    notebook.metadata.pop("widgets", None)
    try:
        text = nbformat.writes(notebook).encode("utf-8", "replace").decode()  # half characters
        stored = nbformat.reads(text, as_version=4)
        nbformat.validate(stored)
    except Exception:  # JSON, nbformat and their schemas raise many kinds of errors
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs = []
        return False
    notebook.cells, notebook.metadata = stored.cells, stored.metadata
    return True


class Judge(NbGraderPreprocessor):
    """Replace what the test cells printed by the verdict of a clean process."""

    timeout = Integer(300, help="Seconds for judging one notebook.").tag(config=True)
    warm = Bool(
        True, help="Whether to fork that process from one that has imported TensorFlow."
    ).tag(config=True)

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Return the notebook with points and findings in the outputs of its test cells."""
        handover = Path(os.environ.pop(HANDOVER_VARIABLE))
        try:
            verdicts = verdict.judge(handover, self.timeout, is_warm=self.warm)
        finally:
            isolation.remove(handover)
        verdict.write_into(nb, verdicts)
        return nb, resources


class Rubric(NbGraderPreprocessor):
    """Prepare what a person grades: sample answer and rubric below each answer that has points.

    They come from the solution, and no student gets to see them: feedback leaves them out. Where an
    answer has no points, nobody is asked to grade it.
    """

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Return the notebook with the rubrics."""
        names = resources["nbgrader"]
        rubrics = self._rubrics(names["assignment"], names["notebook"])
        cells = []
        with Gradebook(names["db_url"]) as gradebook:
            for cell in nb.cells:
                cells.append(cell)
                if not (utils.is_grade(cell) and utils.is_solution(cell)):
                    continue
                name = cell.metadata.nbgrader.grade_id
                if cell.metadata.nbgrader.points == 0:
                    where = (names["notebook"], names["assignment"], names["student"])
                    grade = gradebook.find_grade(name, *where)
                    grade.auto_score, grade.needs_manual_grade = 0, False
                    gradebook.db.commit()
                elif name in rubrics:
                    rubric = (f"rubric-{name}", rubrics[name], "solution")
                    cells.append(submission.own_cell("markdown", *rubric))
        nb.cells = cells
        return nb, resources

    def _rubrics(self, assignment: str, notebook: str) -> dict[str, str]:
        """Return the solution's texts, by the names of the cells."""
        coursedir = CourseDirectory(parent=self)
        folder = coursedir.format_path(coursedir.source_directory, ".", assignment)
        path = Path(coursedir.root, folder, f"{notebook}.ipynb")
        if not path.is_file():
            return {}
        return {
            cell.metadata.nbgrader.grade_id: _quoted(RUBRIC + MARKS.sub("", cell.source))
            for cell in nbformat.read(path, as_version=4).cells
            if utils.is_grade(cell) and utils.is_solution(cell)
        }


def _quoted(text: str) -> str:
    """Return Markdown as a quotation."""
    return "\n".join(f"> {line}" for line in text.splitlines())
