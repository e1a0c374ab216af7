"""The checks of the deployment notebook: exported models are judged by what they answer.

The notebook's kernel copies the artifacts beside the model (`write_exports`). A check compares
their files with their checksums, and runs them with the course's own code: a Keras file in safe
mode, LiteRT with its builtin operations, a SavedModel only where the model itself is opened too.
Nothing that came along is imported.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from helpers import profiles
from helpers.checks import messages, probes
from helpers.checks.handover import Artifact, describe, write_artifact
from helpers.checks.operations import foreign_operation
from helpers.checks.regularization import BEYOND_CHANCE, unusable
from helpers.checks.report import Criterion, Finding, Report
from helpers.deployment import Artifact as Exported
from helpers.deployment import ArtifactError, compare_predictions, open_artifact, predict
from helpers.deployment.fresh_process import TOLERANCE
from helpers.quiet import import_tensorflow, without_harmless_lines

if TYPE_CHECKING:
    from helpers.data import Splits

FORMATS = ("keras", "saved_model", "litert_float32", "litert_float16")  # that are to be exported
# How far an artifact may be from its model: rounding to 16 bits is meant to change a little.
ALLOWED = dict.fromkeys(FORMATS, TOLERANCE) | {"litert_float16": 0.05}
SAME_RUN = 2e-4  # how far two runs of one artifact may be apart, on other processors too
# The phone of the exercise: bytes for each weight of the model, and accuracy that may be lost.
BYTES_PER_WEIGHT = 1.5
ACCURACY_LOSS = 0.03

# A criterion of 0 points is advice; see `helpers.checks.regularization.MODEL`.
EXPORT = (
    Criterion("artifacts", "four artifacts are there, whole, each in its format", 1),
    Criterion("answers", "each answers as your model does", 2),
    Criterion("classes", "each carries the names of the classes, in their order", 1),
    Criterion("trained", "what was exported does better than guessing", 1),
)
EQUALITY = (
    Criterion("fresh", "`fresh` holds what the artifacts themselves answer", 2),
    Criterion("verdict", "`equal` is right for every artifact", 2),
)
CHOICE = (
    Criterion("artifact", "`chosen` is a LiteRT artifact that runs", 1),
    Criterion("size", "it fits into the space", 1),
    Criterion("accuracy", "it loses no more accuracy than it may", 1),
)


def write_exports(folder: Path, model: Any, *, exported: Any, proof: Any = None) -> None:
    """Write a model, and copies of what was exported from it, into `folder`.

    Args:
        folder: a new folder.
        model: what the learner calls a model; anything may come.
        exported: what the learner calls artifacts, by name; anything may come.
        proof: `fresh` and `equal` of the proof of equality; anything may be in them.
    """
    write_artifact(folder, model, endpoints=("infer",))
    facts: dict[str, Any] = {}
    if not isinstance(exported, Mapping):
        facts["no_artifacts"] = f"`artifacts` is {describe(exported)}, not a dictionary by format."
        exported = {}
    facts["exported"] = {str(name): _copy(each, folder) for name, each in exported.items()}
    if proof is not None:
        facts["fresh"] = _keep_arrays(proof["fresh"], folder)
        facts["equal"] = _plain_verdicts(proof["equal"])
    (folder / "exports.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")


def _copy(exported: Any, folder: Path) -> dict[str, str]:
    """Copy an artifact; return where it is, or why there is none."""
    place = exported.folder if isinstance(exported, Exported) else exported
    if not isinstance(place, str | Path):
        return {"reason": f"it is {describe(place)}, neither an artifact nor its folder"}
    if not Path(place).is_dir():
        return {"reason": f"there is no folder {Path(place).name!r}"}
    copies = folder / "exported"
    copies.mkdir(exist_ok=True)
    name = str(len(list(copies.iterdir())))  # a name of the learner's own may be no file name
    shutil.copytree(place, copies / name, symlinks=True)  # links are refused when it is opened
    return {"folder": name}


def _keep_arrays(fresh: Any, folder: Path) -> dict[str, Any]:
    """Write predictions as plain arrays; return by format where, or why there are none."""
    if not isinstance(fresh, Mapping):
        return {"reason": f"`fresh` is {describe(fresh)}, not a dictionary by format."}
    (folder / "fresh").mkdir()
    kept: dict[str, Any] = {}
    for number, (name, value) in enumerate(fresh.items()):
        try:
            numbers = np.asarray(getattr(value, "probabilities", value), dtype=np.float32)
        except (TypeError, ValueError):
            kept[str(name)] = {"reason": f"it is {describe(value)}, not an array of probabilities"}
        else:
            np.save(folder / "fresh" / f"{number}.npy", numbers)
            kept[str(name)] = {"file": f"{number}.npy"}
    return {"arrays": kept}


def _plain_verdicts(equal: Any) -> dict[str, Any]:
    """Return what was said of each format, as far as it is true or false."""
    if not isinstance(equal, Mapping):
        return {"reason": f"`equal` is {describe(equal)}, not a dictionary by format."}
    truths = {k: v for k, v in equal.items() if _is_truth(v)}
    return {"verdicts": {str(name): bool(value) for name, value in truths.items()}}


def _is_truth(value: Any) -> bool:
    """Tell whether a value is true or false: a boolean of Python or NumPy, or a tensor with one."""
    if isinstance(value, bool | np.bool_):
        return True
    try:
        array = np.asarray(value) if hasattr(value, "dtype") else np.empty(0)
    except (TypeError, ValueError, NotImplementedError):  # a tensor of Keras without a value
        return False
    return array.dtype == bool and array.size == 1


def check_export(artifact: Artifact, profile: profiles.Profile) -> Report:
    """Check that a model was exported in four formats, and that each says what the model says."""
    from helpers import data

    if finding := unusable(artifact, "check_export"):
        return Report.of("check_export", EXPORT, [finding])
    findings = _Findings("check_export")
    splits = data.load_splits(profile)
    images, labels = probes.as_arrays(splits.validation)
    expected = artifact.infer(images)
    opened = _open_all(artifact, findings)
    if not opened:
        return Report("check_export", EXPORT, frozenset(), tuple(findings.said_once()))
    for name, one in opened.items():
        _add_wrong_classes(findings, name, one, splits)
        answers = _run(one, images)
        if isinstance(answers, str):
            findings.add("does-not-run", name, reason=answers, count=len(images))
            continue
        difference, limit = _difference(expected, answers), ALLOWED.get(one.format, TOLERANCE)
        if not difference <= limit:
            findings.add("other-answers", name, difference=difference, limit=limit)
        if probes.connection_with_labels(answers, labels) <= BEYOND_CHANCE:
            score = probes.accuracy(answers, labels)
            findings.add("not-trained", name, score=score, count=len(labels))
    return Report.of("check_export", EXPORT, findings.said_once())


def check_equality(artifact: Artifact, profile: profiles.Profile) -> Report:
    """Check predictions from fresh processes, and what was concluded from them."""
    from helpers import data

    if finding := unusable(artifact, "check_equality"):
        return Report.of("check_equality", EQUALITY, [finding])
    findings = _Findings("check_equality")
    images, _ = probes.as_arrays(data.load_splits(profile).validation)
    expected = artifact.infer(images)
    opened = _open_all(artifact, findings)
    if problems := findings.said_once():
        return Report.of("check_equality", EQUALITY, problems)
    facts = _exports(artifact)
    arrays = facts["fresh"].get("arrays", {})
    verdicts = facts["equal"].get("verdicts", {})
    if reason := facts["fresh"].get("reason"):
        findings.add("no-predictions", reason=reason)
    if reason := facts["equal"].get("reason"):
        findings.add("no-verdict", reason=reason)
    for name, one in opened.items():
        answers = _run(one, images)
        if isinstance(answers, str):
            findings.add("does-not-run", name, reason=answers, count=len(images))
            continue
        if "reason" not in facts["fresh"]:
            fresh = _fresh_array(artifact.folder, arrays.get(name))
            _add_wrong_predictions(findings, name, fresh, answers, expected)
        if "reason" not in facts["equal"]:
            _add_wrong_verdict(findings, name, verdicts.get(name), answers, expected)
    return Report.of("check_equality", EQUALITY, findings.said_once())


def check_choice(artifact: Artifact, profile: profiles.Profile) -> Report:
    """Check that the artifact for the phone keeps to both budgets."""
    from helpers import data

    if finding := unusable(artifact, "check_choice"):
        return Report.of("check_choice", CHOICE, [finding])
    found = partial(messages.finding, "check_choice")
    one = _open(artifact, _exports(artifact)["exported"]["chosen"])
    if isinstance(one, str):
        finding = found("not-an-artifact", reason=one)
        return Report.of("check_choice", CHOICE, [finding])
    if not one.format.startswith("litert"):
        finding = found("not-for-the-phone", title=one.title, size=one.size / 1e6)
        return Report.of("check_choice", CHOICE, [finding])
    images, labels = probes.as_arrays(data.load_splits(profile).validation)
    answers = _run(one, images)
    if isinstance(answers, str):
        finding = found("does-not-run", format=one.format, reason=answers, count=len(images))
        return Report.of("check_choice", CHOICE, [finding])
    findings = []
    weights = sum(int(np.prod(weight.shape)) for weight in artifact.weights.values())
    if one.size > (limit := size_budget(weights)):
        findings.append(found("too-large", title=one.title, size=one.size / 1e6, limit=limit / 1e6))
    before = probes.accuracy(artifact.infer(images), labels)
    after = probes.accuracy(answers, labels)
    if before - after > ACCURACY_LOSS + 1e-9:
        findings.append(
            found("too-inaccurate", title=one.title, before=before, after=after, loss=ACCURACY_LOSS)
        )
    return Report.of("check_choice", CHOICE, findings)


def size_budget(weights: int) -> float:
    """Return how many bytes the phone of the exercise has for a model of that many weights."""
    return BYTES_PER_WEIGHT * weights


class _Findings:
    """Findings about several artifacts; what holds for several of them is said once."""

    def __init__(self, check: str):
        self.check = check
        self._found: dict[str, tuple[Finding, list[str]]] = {}

    def add(self, finding: str, format: str = "", **seen: Any) -> None:
        """Add a finding, about the artifact of a format."""
        if finding in self._found:
            self._found[finding][1].append(format)
        else:
            made = messages.finding(self.check, finding, format=format, **seen)
            self._found[finding] = (made, [])

    def said_once(self) -> list[Finding]:
        """Return each finding once, with all that it holds for."""
        return [
            replace(finding, seen=f"{finding.seen} The same holds for {_listed(others)}.")
            if others
            else finding
            for finding, others in self._found.values()
        ]


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _exports(artifact: Artifact) -> dict[str, Any]:
    return json.loads((artifact.folder / "exports.json").read_text(encoding="utf-8"))


def _open_all(artifact: Artifact, findings: _Findings) -> dict[str, Exported]:
    """Return the artifacts that are whole, by the names they got; add what is wrong with others."""
    facts = _exports(artifact)
    if reason := facts.get("no_artifacts"):
        findings.add("no-artifacts", reason=reason)
        return {}
    opened: dict[str, Exported] = {}
    if missing := [name for name in FORMATS if name not in facts["exported"]]:
        told = {"count": len(missing), "all": len(FORMATS), "missing": _listed(missing)}
        findings.add("missing-format", **told)
    for name in FORMATS:
        if name not in facts["exported"]:
            continue
        one = _open(artifact, facts["exported"][name])
        if isinstance(one, str):
            findings.add("damaged-artifact", name, reason=one)
            continue
        opened[name] = one
        if one.format != name:
            findings.add("wrong-format", name, title=one.title)
    return opened


def _open(artifact: Artifact, about: Mapping[str, str]) -> Exported | str:
    """Return an artifact that was handed over, or what is wrong with it."""
    if "reason" in about:
        return about["reason"]
    try:
        return open_artifact(artifact.folder / "exported" / about["folder"])
    except ArtifactError as error:
        # The copy's place says nothing to a learner.
        place = str(artifact.folder / "exported" / about["folder"])
        return str(error).replace(place, "the artifact").rstrip(".")


def _run(one: Exported, images: np.ndarray) -> np.ndarray | str:
    """Return an artifact's probabilities, or why there are none."""
    import_tensorflow()
    try:
        if one.format == "saved_model":
            place = one.folder / predict.read_manifest(one.folder)["model"]
            if kind := foreign_operation(place):
                return f"its operation `{kind}` reaches beyond the model"
        with without_harmless_lines():
            model = predict.load_model(one.folder)
            parts = np.array_split(images, max(len(images) // predict.AT_ONCE, 1))
            answers = np.concatenate([np.asarray(model(np.ascontiguousarray(p))) for p in parts])
    except Exception as error:  # what was exported may make anything fail
        return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"[:200]
    if answers.shape != (len(images), probes.CLASSES):
        return f"it gives numbers of shape {answers.shape[1:]} for an image"
    return answers


def _difference(expected: np.ndarray, answers: np.ndarray) -> float:
    return float(np.abs(expected - answers).max())


def _add_wrong_classes(findings: _Findings, name: str, one: Exported, splits: "Splits") -> None:
    """Add a finding if an artifact's names stand for other classes."""
    pairs = enumerate(zip(one.class_names, splits.class_names, strict=False))
    wrong = [(place, said, right) for place, (said, right) in pairs if said != right]
    if wrong:
        place, said, right = wrong[0]
        told = {"count": len(wrong), "place": place, "said": said, "right": right}
        findings.add("wrong-classes", name, **told)


def _fresh_array(folder: Path, about: Mapping[str, str] | None) -> np.ndarray | str:
    """Return the predictions that were handed over for a format, or why there are none."""
    if about is None:
        return "it is missing"
    if "reason" in about:
        return about["reason"]
    return np.load(folder / "fresh" / about["file"], allow_pickle=False)


def _add_wrong_predictions(
    findings: _Findings,
    name: str,
    fresh: np.ndarray | str,
    answers: np.ndarray,
    expected: np.ndarray,
) -> None:
    """Add a finding unless `fresh` is what the artifact answers."""
    if isinstance(fresh, str):
        findings.add("no-predictions", name, reason=f"`fresh[{name!r}]`: {fresh}.")
    elif fresh.shape != answers.shape:
        told = {"shape": fresh.shape, "expected": answers.shape}
        findings.add("wrong-predictions-shape", name, **told)
    elif not (difference := _difference(answers, fresh)) <= SAME_RUN:
        own = _difference(expected, fresh) <= SAME_RUN
        findings.add(
            "from-the-notebook" if own else "not-from-the-artifact", name, difference=difference
        )


def _add_wrong_verdict(
    findings: _Findings,
    name: str,
    said: bool | None,
    answers: np.ndarray,
    expected: np.ndarray,
) -> None:
    """Add a finding unless it was said rightly whether an artifact equals its model."""
    if said is None:
        reason = f"`equal[{name!r}]` is missing, or neither `True` nor `False`."
        findings.add("no-verdict", name, reason=reason)
        return
    truth = compare_predictions(expected, answers)
    # Where another processor could turn the verdict round, either is right.
    if truth.equal == said or TOLERANCE / 2 < truth.largest_difference < 2 * TOLERANCE:
        return
    told = {"difference": truth.largest_difference, "same": truth.same_top_class}
    findings.add("called-equal" if said else "called-different", name, **told)
