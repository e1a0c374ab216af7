"""The checks that the notebooks call.

Each check hands over what the learner made (see `helpers.checks.handover`) and looks at the copy.
In a notebook that a person runs, it shows the report. When nbgrader grades, it only hands over:
a clean process decides. When nbgrader validates, it raises if points would be lost.
"""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from helpers import profiles
from helpers.checks.report import CheckFailed, Criterion, Finding, Report

__all__ = [
    "CheckFailed",
    "Criterion",
    "Finding",
    "Report",
    "check_fine_tuning",
    "check_head",
    "check_model",
    "check_training",
    "judges",
]

HANDOVER_VARIABLE = "COURSE_HANDOVER"
MANY_WEIGHTS = 150  # arrays; a model of a learner's own has a few dozen


def check_model(model: Any, profile: profiles.Profile) -> Report | None:
    """Check the model of the regularization notebook, by what it does.

    Args:
        model: the learner's model; anything may come.
        profile: the profile of the notebook.

    Returns:
        The report; None while nbgrader grades.

    Raises:
        CheckFailed: points would be lost, while nbgrader validates the notebook.
    """
    return _check("check_model", profile, model=model, endpoints=("infer", "train", "call"))


def check_training(model: Any, history: Any, profile: profiles.Profile) -> Report | None:
    """Check the trained model of the regularization notebook, and its history.

    Arguments, result and error are those of `check_model`; `history` is what `fit` returned.
    """
    return _check("check_training", profile, model=model, history=history, expects_history=True)


def check_head(model: Any, profile: profiles.Profile) -> Report | None:
    """Check the new head on a frozen backbone. Arguments, result and error as in `check_model`."""
    return _check("check_head", profile, model=model)


def check_fine_tuning(model: Any, history: Any, profile: profiles.Profile) -> Report | None:
    """Check the fine-tuned model, and the history of both phases.

    Arguments, result and error are those of `check_model`; `history` is the joined history.
    """
    return _check("check_fine_tuning", profile, model=model, history=history, expects_history=True)


def judges() -> dict[str, Callable[..., Report]]:
    """Return for each check the function that looks at an artifact and decides."""
    from helpers.checks import regularization, transfer

    return {
        "check_model": regularization.check_model,
        "check_training": regularization.check_training,
        "check_head": transfer.check_head,
        "check_fine_tuning": transfer.check_fine_tuning,
    }


def _check(name: str, profile: profiles.Profile, **made: Any) -> Report | None:
    from helpers.checks.handover import Artifact, count_weights, write_artifact
    from helpers.checks.state import random_state_kept

    run = profiles.nbgrader_run()
    if run == "autograde":
        if HANDOVER_VARIABLE not in os.environ:
            raise RuntimeError(
                "nbgrader runs without the course's nbgrader_config.py, so nobody would judge what "
                "is handed over here. Start nbgrader in the folder of the course."
            )
        write_artifact(Path(os.environ[HANDOVER_VARIABLE]) / name, **made)
        print(f"{name}: handed over.")
        return None
    if (count := count_weights(made["model"])) > MANY_WEIGHTS:
        print(f"Your model is deep ({count} arrays of weights): trying it out takes a while.")
    with tempfile.TemporaryDirectory(prefix="course-check-") as folder:
        write_artifact(Path(folder) / name, **made)
        with random_state_kept():
            report = judges()[name](Artifact(Path(folder) / name), profile)
    if run == "validate" and not report.passed:
        raise CheckFailed(report)
    return report
