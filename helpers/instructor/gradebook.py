"""The one writer: finished jobs go into `autograded/` and the gradebook, by nbgrader's own means.

SaveAutoGrades, late penalties and all else that `nbgrader_config.py` names are nbgrader's, so its
formgrader, feedback and export find what they always do.
"""

import io
import logging
import shutil
import tempfile
import traceback
import warnings
from pathlib import Path

import nbformat
import sqlalchemy
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SAWarning
from traitlets.config import Config

from helpers.instructor import grading, job, submission


class Writer:
    """Writes finished jobs of one assignment, one after another.

    Args:
        assignment: its name.
        config: nbgrader's configuration.
    """

    def __init__(self, assignment: str, config: Config):
        self._coursedir = CourseDirectory(config=config)
        self._root = Path(self._coursedir.root)
        self._assignment = assignment
        self._clean = Path(job.FOLDER, f"{assignment}.handed-in")  # relative to the root
        self._config = config.copy()
        self._config.CourseDirectory.submitted_directory = str(self._clean)
        self._config.CourseDirectory.assignment_id = assignment
        self._config.Autograde.pre_convert_hook = None  # once is enough, below
        self._config.Autograde.sanitize_preprocessors = []  # there is nothing strange in them
        self._config.Autograde.autograde_preprocessors = [
            name
            for name in config.Autograde.autograde_preprocessors
            if name.rpartition(".")[2] not in ("Run", "Judge")
        ]
        make_gradebook(self._coursedir.db_url)
        grading.register_assignment(assignment)
        with Gradebook(self._coursedir.db_url, self._coursedir.course_id) as gradebook:
            submissions = gradebook.assignment_submissions(assignment)
            self._students = {each.student.id for each in submissions}

    def is_written(self, one: job.Job) -> bool:
        """Tell whether nbgrader has the result of a job as it stands."""
        autograded = self._root / self._coursedir.autograded_directory
        notebook = autograded / one.student / self._assignment / f"{self._assignment}.ipynb"
        is_there = one.student in self._students and notebook.is_file()
        return is_there and one.state.get("recorded") == _result_of(one)

    def write(self, one: job.Job) -> str:
        """Let nbgrader write a finished job; return what went wrong, or nothing."""
        config = self._config.copy()
        config.CourseDirectory.student_id = one.student
        writer = Autograde(coursedir=CourseDirectory(config=config), config=config)
        writer.force = True
        told = io.StringIO()
        handler = logging.StreamHandler(told)
        handler.setLevel(logging.ERROR)
        writer.log.addHandler(handler)
        try:
            self._put_down(one)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SAWarning)  # nbgrader's own, of no consequence
                writer.start()
        except NbGraderException:
            return f"nbgrader could not write the result.\n{told.getvalue()}"
        except Exception:  # whatever it is, it is about this student, and the class goes on
            return f"The result could not be written.\n{traceback.format_exc()[-2000:]}"
        finally:
            writer.log.removeHandler(handler)
            shutil.rmtree(self._root / self._clean / one.student, ignore_errors=True)
        one.remember(recorded=_result_of(one))
        return ""

    def _put_down(self, one: job.Job) -> None:
        """Write a finished job where nbgrader looks for what was handed in."""
        folder = self._root / self._clean / one.student / self._assignment
        folder.mkdir(parents=True, exist_ok=True)
        nbformat.write(one.graded_notebook(), folder / f"{self._assignment}.ipynb")
        if time := submission.read_timestamp(one.handed_in):
            (folder / "timestamp.txt").write_text(time, encoding="utf-8")


def make_gradebook(address: str) -> None:
    """Make an empty gradebook, if there is none; whole, or not at all.

    nbgrader takes one that was broken off while it was made for an old one, and refuses it.

    Args:
        address: of the database, as SQLAlchemy writes it.
    """
    file = sqlalchemy.engine.make_url(address).database
    if not address.startswith("sqlite:") or not file or Path(file).exists():
        return
    with tempfile.TemporaryDirectory(dir=Path(file).parent) as folder:
        made = Path(folder, "gradebook.db")
        Gradebook(f"sqlite:///{made}").close()
        made.replace(file)


def _result_of(one: job.Job) -> str:
    """Return what tells one result of a job from another."""
    return f"{one.state.get('judged')} {submission.read_timestamp(one.handed_in)}"
