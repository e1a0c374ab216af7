"""The checks of the regularization notebook. Each takes an artifact and returns a report."""

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from helpers import profiles
from helpers.checks import messages, probes
from helpers.checks.handover import Artifact
from helpers.checks.histories import history_findings
from helpers.checks.report import Criterion, Finding, Report
from helpers.checks.state import unoptimized_graphs

if TYPE_CHECKING:
    from helpers.data import Splits

# Advice, not a limit: more takes too long for an exercise on a laptop.
MANY_PARAMETERS = 3_000_000
# Standard errors. Of the bank's right models, drawn six times each and looked at untrained, in both
# modes, none of 492 got beyond 3.1. After the training that nbgrader gives it, the slowest of them,
# a small transformer, ended at 4.3 to 9.9 in eight runs.
BEYOND_CHANCE = 3.5

# What a check looks at, with its points. A criterion of 0 points is advice and costs nothing. To
# give points for one, change its number here: nothing else, since nbgrader's points of the cell
# are shared out in these proportions.
MODEL = (
    Criterion("output", "takes images of 32x32x3 and gives ten numbers for each", 1),
    Criterion("probabilities", "the ten numbers are probabilities, from one softmax", 1),
    Criterion("inference", "in inference, the answer depends on the image and on nothing else", 1),
    Criterion("gradient", "the loss reaches every layer", 1),
    Criterion("learns", "a few training steps lower the loss", 1),
    Criterion("calling", "`model(images)` says the same as `model.predict(images)`", 0),
    Criterion("convolution", "an image passes through a convolution", 0),
    Criterion("regularization", "some regularization is really active", 0),
    Criterion("size", "small enough to be trained in the course", 0),
)
TRAINING = (
    Criterion("trained", "the trained model does better than guessing", 4),
    Criterion(
        "history", "the history is kept and complete, of this model and the validation images", 1
    ),
)


def check_model(artifact: Artifact, profile: profiles.Profile | None = None) -> Report:
    """Check a model for ten classes of 32x32x3 images, by what it does.

    No convolution, no regularization, too many parameters and a difference between calling and
    predicting are advice, unless an instructor gives them points in `MODEL`. What counts as
    regularization is written down at `probes.is_regularized`.
    """
    found = partial(messages.finding, "check_model")
    with unoptimized_graphs():
        if finding := unusable(artifact, "check_model"):
            return Report.of("check_model", MODEL, [finding])
        findings = [
            *softmax_findings(artifact, "check_model"),
            *_inference_findings(artifact, found),
            *_gradient_findings(artifact, found),
            *_learning_findings(artifact, found),
            *_advice(artifact, found),
        ]
    return Report.of("check_model", MODEL, findings)


def check_training(artifact: Artifact, profile: profiles.Profile) -> Report:
    """Check a trained model and its history against the images of `profile`."""
    from helpers import data

    if finding := unusable(artifact, "check_training"):
        return Report.of("check_training", TRAINING, [finding])
    splits = data.load_splits(profile)
    findings = [
        *trained_findings(artifact, splits, "check_training"),
        *history_findings(artifact, splits, (profile.scratch_epochs,), "check_training"),
    ]
    return Report.of("check_training", TRAINING, findings)


def unusable(artifact: Artifact, check: str) -> Finding | None:
    """Return the finding for something that does not give ten numbers for an image, or None."""
    if reason := artifact.facts.get("not_a_model") or artifact.reaches_out:
        return messages.finding(check, "not-a-model", reason=reason)
    outputs = artifact.infer(probes.easy_batch()[0])
    if outputs.shape != (len(outputs), probes.CLASSES):
        return messages.finding(check, "wrong-output-shape", shape=outputs.shape[1:])
    if bad := int((~np.isfinite(outputs)).any(axis=1).sum()):
        return messages.finding(check, "not-a-number", count=bad, all=len(outputs))
    return None


def softmax_findings(artifact: Artifact, check: str) -> list[Finding]:
    """Return a finding if the ten numbers are no probabilities, or come from softmax twice.

    Probabilities in training as well: that is what the loss gets.
    """
    outputs = artifact.infer(probes.easy_batch()[0])
    if not probes.are_probabilities(outputs):
        return [
            messages.finding(check, "no-softmax", ending=_ending(artifact), problem=_sum(outputs))
        ]
    with probes.weights_put_back(artifact):
        in_training = np.asarray(artifact.train(probes.easy_batch()[0]))
    # What is no number is left to the check whether the model learns.
    if np.isfinite(in_training).all() and not probes.are_probabilities(in_training):
        ending, problem = _ending(artifact, has_softmax=True), f"{_sum(in_training)} in training"
        return [messages.finding(check, "no-softmax", ending=ending, problem=problem)]
    if (count := probes.softmaxes_at_the_end(artifact)) > 1:
        # Ten numbers between 0 and 1: the largest is 1, the others 0, and softmax takes e to them.
        limit = np.e / (np.e + probes.CLASSES - 1)
        largest = float(outputs.max())
        return [messages.finding(check, "softmax-twice", count=count, largest=largest, limit=limit)]
    return []


def trained_findings(artifact: Artifact, splits: "Splits", check: str) -> list[Finding]:
    """Return a finding if the model's answers have nothing to do with the labels."""
    images, labels = probes.as_arrays(splits.validation, most=1000)
    more_images, more_labels = probes.as_arrays(splits.train, most=500)
    images, labels = np.concatenate([images, more_images]), np.concatenate([labels, more_labels])
    with probes.weights_put_back(artifact):
        # The moving averages of batch normalization lag behind in a short training.
        in_training = np.concatenate(
            [
                np.asarray(artifact.train(part))
                for part in np.array_split(images, len(images) // 100)
            ]
        )
    in_inference = artifact.infer(images)
    if any(
        probes.connection_with_labels(outputs, labels) > BEYOND_CHANCE
        for outputs in (in_inference, in_training)
    ):
        return []
    score = max(probes.accuracy(in_inference, labels), probes.accuracy(in_training, labels))
    return [messages.finding(check, "not-trained", score=score, count=len(images))]


def _ending(artifact: Artifact, has_softmax: bool = False) -> str:
    """Say in words what the model ends in, as far as that can be told.

    Args:
        artifact: the model.
        has_softmax: whether there is one, which does not help.
    """
    last = artifact.facts.get("last_layer")
    if not last or last["layer"] == "Softmax" or last["activation"] == "softmax":
        return "Your model does not end in probabilities"
    ending = f"Your model ends in `{last['layer']}`"
    if has_softmax:
        return ending
    if last["activation"] in ("", "linear"):
        return f"{ending} without softmax"
    return f"{ending} with {last['activation']} instead of softmax"


def _sum(outputs: np.ndarray) -> str:
    """Say in words why the numbers of some row are no probabilities."""
    sums = outputs.sum(axis=1, dtype=np.float64)
    worst = float(sums[np.abs(sums - 1).argmax()])
    if f"{worst:.2f}" != "1.00":
        return f"add up to {worst:,.2f}"
    return f"go down to {float(outputs.min()):,.2f}"


def _inference_findings(artifact: Artifact, found: partial[Finding]) -> list[Finding]:
    # Dark ones and bright ones: what is taken over a batch of equal ones would be that of each.
    brightness = np.linspace(0.2, 1, 8, dtype=np.float32)[:, None, None, None]
    images = brightness * probes.random_images(8)
    outputs = artifact.infer(images)
    if not np.allclose(outputs, again := artifact.infer(images), atol=1e-5):
        return [found("random-in-inference", difference=_difference(outputs, again))]
    alone = artifact.infer(images[:1])
    if not np.allclose(outputs[:1], alone, rtol=1e-3, atol=1e-4):
        difference = _difference(outputs[:1], alone)
        return [found("depends-on-batch", others=len(images) - 1, difference=difference)]
    images = np.concatenate([images, probes.easy_batch(10)[0]])  # noise and pictures
    if not probes.depends_on_images(artifact, images):
        return [found("ignores-image", count=len(images))]
    return []


def _difference(some: np.ndarray, others: np.ndarray) -> float:
    return float(np.abs(some - others).max())


def _gradient_findings(artifact: Artifact, found: partial[Finding]) -> list[Finding]:
    weights = artifact.trainable_weights
    if not weights:
        return [found("nothing-to-train")]
    if cut_off := probes.weights_without_gradient(artifact):
        return [found("no-gradient", count=len(cut_off), all=len(weights), path=cut_off[0])]
    return []


def _learning_findings(artifact: Artifact, found: partial[Finding]) -> list[Finding]:
    steps = 48
    for size in (1e-3, 1e-2):  # a small network needs the larger one, a deep one the smaller
        before, after = probes.losses_before_and_after(artifact, size, steps)
        if probes.has_fallen(before, after):
            return []
    images = len(probes.easy_batch()[0])
    return [
        found(
            "does-not-learn", steps=steps, images=images, before=before.mean(), after=after.mean()
        )
    ]


def _advice(artifact: Artifact, found: partial[Finding]) -> list[Finding]:
    advice = []
    if not probes.has_convolution(artifact):
        advice.append(found("no-convolution"))
    if not probes.is_regularized(artifact):
        advice.append(found("no-regularization"))
    images = probes.random_images(32)
    called, predicted = artifact.call(images), artifact.infer(images)
    if not np.allclose(called, predicted, atol=1e-5):
        advice.append(found("random-when-called", difference=_difference(called, predicted)))
    count = sum(int(np.prod(weight.shape)) for weight in artifact.trainable_weights.values())
    if count > MANY_PARAMETERS:
        advice.append(found("many-parameters", count=count, limit=MANY_PARAMETERS))
    return advice
