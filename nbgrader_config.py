"""nbgrader for this course. Run nbgrader in this folder."""

import os
import sysconfig

from helpers.instructor import kernels

# nbgrader starts alembic by name: the programs of this environment have to be found first.
programs = sysconfig.get_path("scripts")
if os.environ.get("PATH", "").split(os.pathsep)[0] != programs:
    os.environ["PATH"] = os.pathsep.join([programs, os.environ.get("PATH", "")])

kernels.announce()

c = get_config()  # noqa: F821  (nbgrader defines it)

c.CourseDirectory.course_id = "transfer-learning-course"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "notebooks"
# The paired scripts hold the solutions, and a submitted module would shadow the course's own.
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "*.py"]

c.Execute.timeout = 300  # seconds for one cell
c.Execute.extra_arguments = ["--log-level=40"]  # the kernel writes errors only
c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE\nraise NotImplementedError()"}

c.GenerateAssignment.post_convert_hook = "helpers.instructor.build.finish_released_notebook"

c.Autograde.pre_convert_hook = "helpers.instructor.grading.register_assignment"
c.Autograde.sanitize_preprocessors = [
    "helpers.instructor.grading.Rebuild",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.DeduplicateIds",
    "nbgrader.preprocessors.OverwriteKernelspec",
    "nbgrader.preprocessors.OverwriteCells",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.Autograde.autograde_preprocessors = [
    "helpers.instructor.grading.Run",
    "helpers.instructor.grading.Judge",
    "nbgrader.preprocessors.IgnorePattern",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "helpers.instructor.grading.Rubric",
    "nbgrader.preprocessors.CheckCellMetadata",
]

c.GenerateFeedback.exporter_class = "helpers.instructor.feedback.FeedbackExporter"
c.GenerateFeedback.preprocessors = ["nbgrader.preprocessors.GetGrades"]
