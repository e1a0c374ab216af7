"""The bank as a class: each answer is what one student hands in, and nbgrader grades it.

Nothing is replaced: the data, the pretrained backbone, the isolated kernels, the judge, nbgrader's
gradebook. Of a notebook only what its exercise needs is released (`bank.context`), because the
course's demonstrations take most of its time and change nothing.
"""

import nbformat
from nbgrader.api import Gradebook

from helpers.checks import Report
from helpers.instructor import submission
from helpers.paths import course_root
from tests.grading import bank, stand_ins

STUB = "raise NotImplementedError()"


def make_course(folder):
    """Let a folder be a course in which each exercise is an assignment of its own."""
    own = (course_root() / "nbgrader_config.py").read_text(encoding="utf-8")
    (folder / "nbgrader_config.py").write_text(own, encoding="utf-8")
    return folder


def release(course, cell):
    """Release an exercise; its assignment is called as its cell."""
    exercise = bank.EXERCISES[cell]
    name = exercise.notebook
    path = course_root() / "notebooks" / name / f"{name}.ipynb"
    released = nbformat.read(path, as_version=4)
    sources = [answer.source for answer in bank.read_answers(cell)]
    context = bank.context(exercise, sources, stand_ins.EARLIER)
    own = [each for each in released.cells if each.id in (exercise.cell, exercise.check)]
    released.cells = [
        *(nbformat.v4.new_code_cell(source, id=f"above-{n}") for n, source in enumerate(context)),
        *own,
    ]
    for place in ("notebooks", "solutions"):
        (course / place / cell).mkdir(parents=True)
        nbformat.write(released, course / place / cell / f"{cell}.ipynb")


def hand_in(course, answer):
    """Hand an answer in; return the name of its student."""
    cell = answer.exercise.cell
    notebook = nbformat.read(course / "notebooks" / cell / f"{cell}.ipynb", as_version=4)
    next(each for each in notebook.cells if each.id == cell).source = answer.source
    folder = course / "submitted" / str(answer) / cell
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{cell}.ipynb")
    return str(answer)


def outcome(course, answer):
    """What nbgrader and the judge said to an answer that was handed in and graded."""
    exercise = answer.exercise
    path = course / "autograded" / str(answer) / exercise.cell / f"{exercise.cell}.ipynb"
    graded = nbformat.read(path, as_version=4)
    check = next(each for each in graded.cells if each.id == exercise.check)
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        handed_in = gradebook.find_submission(exercise.cell, str(answer))
        lost = handed_in.max_score - handed_in.score
    verdict = submission.notes_of(graded)["verdicts"].get(exercise.check, {})
    if "report" not in verdict:
        text = check.outputs[0].data["text/plain"]
        return bank.Outcome((bank.STOPPED,), lost, (), text)
    said = bank.outcome_of(Report.from_json(verdict["report"]), handed_in.max_score)
    assert abs(said.loses - lost) < 1e-6, "the gradebook has other points than the report"
    return said
