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
    "check_choice",
    "check_equality",
    "check_export",
    "check_fine_tuning",
    "check_head",
    "check_model",
    "check_training",
    "criteria",
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


def check_export(model: Any, artifacts: Any, profile: profiles.Profile) -> Report | None:
    """Check exported models, by what they answer.

    Args:
        model: the model that was exported; anything may come.
        artifacts: by format, what `deployment.export_formats` returns; anything may come.
        profile: the profile of the notebook.

    Returns:
        The report; None while nbgrader grades.

    Raises:
        CheckFailed: points would be lost, while nbgrader validates the notebook.
    """
    return _check("check_export", profile, model=model, exported=artifacts)


def check_equality(
    model: Any, artifacts: Any, fresh: Any, equal: Any, profile: profiles.Profile
) -> Report | None:
    """Check a proof of equality. Arguments, result and error as in `check_export`, and besides:

    Args:
        model: the model that was exported.
        artifacts: by format, the artifacts.
        fresh: by format, their probabilities for the validation images, (n, 10).
        equal: by format, whether they are equal to the model's.
        profile: the profile of the notebook.
    """
    proof = {"fresh": fresh, "equal": equal}
    return _check("check_equality", profile, model=model, exported=artifacts, proof=proof)


def check_choice(model: Any, chosen: Any, profile: profiles.Profile) -> Report | None:
    """Check the artifact that was chosen under a budget. The rest is as in `check_export`."""
    return _check("check_choice", profile, model=model, exported={"chosen": chosen})


def judges() -> dict[str, Callable[..., Report]]:
    """Return for each check the function that looks at an artifact and decides."""
    from helpers.checks import deployment, regularization, transfer

    return {
        "check_model": regularization.check_model,
        "check_training": regularization.check_training,
        "check_head": transfer.check_head,
        "check_fine_tuning": transfer.check_fine_tuning,
        "check_export": deployment.check_export,
        "check_equality": deployment.check_equality,
        "check_choice": deployment.check_choice,
    }


def criteria() -> dict[str, tuple[Criterion, ...]]:
    """Return for each check what it looks at, with the points."""
    from helpers.checks import deployment, regularization, transfer

    return {
        "check_model": regularization.MODEL,
        "check_training": regularization.TRAINING,
        "check_head": transfer.HEAD,
        "check_fine_tuning": transfer.FINE_TUNING,
        "check_export": deployment.EXPORT,
        "check_equality": deployment.EQUALITY,
        "check_choice": deployment.CHOICE,
    }


def _check(name: str, profile: profiles.Profile, **made: Any) -> Report | None:
    from helpers.checks.deployment import write_exports
    from helpers.checks.handover import Artifact, count_weights, write_artifact
    from helpers.checks.state import random_state_kept

    write = write_exports if "exported" in made else write_artifact
    run = profiles.nbgrader_run()
    if run == "autograde":
        if HANDOVER_VARIABLE not in os.environ:
            raise RuntimeError(
                "nbgrader runs without the course's nbgrader_config.py, so nobody would judge what "
                "is handed over here. Start nbgrader in the folder of the course."
            )
        write(Path(os.environ[HANDOVER_VARIABLE]) / name, **made)
        print(f"{name}: handed over.")
        return None
    if (count := count_weights(made["model"])) > MANY_WEIGHTS:
        print(f"Your model is deep ({count} arrays of weights): trying it out takes a while.")
    with tempfile.TemporaryDirectory(prefix="course-check-") as folder:
        write(Path(folder) / name, **made)
        with random_state_kept():
            report = judges()[name](Artifact(Path(folder) / name), profile)
    if run == "validate" and not report.passed:
        raise CheckFailed(report)
    return report
