"""Whether a history can be that of the model that was handed over with it.

A history is words: it can be written by hand, so it is worth a fifth of its exercise at most. But
its numbers have to agree with what the weights score here and now. Losses tell more than
accuracies: the same weights on the same images give the same loss to many digits.
"""

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from helpers.checks import messages, probes
from helpers.checks.handover import Artifact
from helpers.checks.report import Finding

if TYPE_CHECKING:
    from helpers.data import Splits

WANTED = ("loss", "accuracy", "val_loss", "val_accuracy")
# How far loss (relatively) and accuracy of the same weights on the same images may be from what was
# recorded: more where 16 bits are rounded, and where penalties on activities depend on the batch.
# An epoch with a small learning rate may change a loss by less than a thousandth.
SAME = (1e-5, 0.01)
SAME_ROUNDED = (2e-3, 0.02)
CROSS_ENTROPY = "categoricalcrossentropy"


def history_findings(
    artifact: Artifact, splits: "Splits", phases: tuple[int, ...], check: str
) -> list[Finding]:
    """Return what is wrong with the history that was handed over with a model.

    Args:
        artifact: model and history.
        splits: the images that the model was trained and validated on.
        phases: how many epochs the notebook asks for, in each phase of the training.
        check: name of the check.
    """
    found = partial(messages.finding, check)
    if reason := artifact.facts.get("no_history"):
        return [found("history-not-kept", reason=reason)]
    curves = artifact.facts["curves"]
    if missing := [name for name in WANTED if not curves.get(name)]:
        present = ", ".join(f"`{name}`" for name in curves) or "nothing"
        missing = ", ".join(f"`{name}`" for name in missing)
        return [found("history-incomplete", present=present, missing=missing)]
    if (recorded := len(curves["loss"])) != sum(phases):
        return [found("history-epochs", recorded=recorded, epochs=sum(phases))]
    last = {name: curves[name][-phases[-1] :] for name in WANTED}
    if len(phases) > 1 and last["loss"] == curves["loss"][: phases[0]]:
        return [found("history-repeated", epochs=phases[0])]
    return _disagreement(artifact, splits, last, found)


def _disagreement(
    artifact: Artifact, splits: "Splits", curves: dict[str, list[float]], found: partial[Finding]
) -> list[Finding]:
    """Compare the curves of the last phase with what the model scores on the validation images."""
    # A callback may have put back the weights of any epoch, the best one by whatever it watched.
    recorded = list(zip(curves["val_loss"], curves["val_accuracy"], strict=False))
    images, labels = probes.as_arrays(splits.validation)
    scores = _scores(artifact, images, labels)
    if any(_agree(score, epoch) for score in scores for epoch in recorded):
        return []
    own = scores[0]
    others = {"validated-on-test": splits.test, "validated-on-training": splits.train}
    for finding, dataset in others.items():
        for other in _scores(artifact, *probes.as_arrays(dataset)):
            if any(_agree(other, epoch) for epoch in recorded):
                return [found(finding, loss=other.loss)]
    loss_name = str((artifact.facts.get("loss") or {}).get("name", CROSS_ENTROPY))
    if loss_name.lower().replace("_", "") != CROSS_ENTROPY:
        return [found("other-loss", loss=loss_name, value=recorded[-1][0], expected=own.loss)]
    # Averaged weights take the place of the trained ones when `fit` ends: no epoch was validated
    # with them. A made-up history may do for these models, and for no others; it is one point.
    if artifact.facts.get("averaged"):
        return []
    loss, score = min(recorded, key=lambda epoch: abs(epoch[0] - own.loss))
    told = {"loss": own.loss, "score": own.accuracy, "nearest_loss": loss, "nearest": score}
    return [found("history-of-another-model", **told)]


class _Score(NamedTuple):
    """What a model scores on some images, as Keras reports it.

    Attributes:
        loss: mean, in nats, with penalties.
        accuracy: share of the images.
        slack: by how much the loss may be smaller, in nats.
        at_most: how large the loss may be.
        turned: share of the images whose answer rounding may have turned.
    """

    loss: float
    accuracy: float
    slack: float
    at_most: float
    turned: float


def _scores(artifact: Artifact, images: np.ndarray, labels: np.ndarray) -> list[_Score]:
    """Return what a model scores: for probabilities one score, else one for each of its losses."""
    smoothing = float((artifact.facts.get("loss") or {}).get("label_smoothing", 0))
    smooth = labels * (1 - smoothing) + smoothing / probes.CLASSES
    outputs = artifact.infer(images)
    accuracy = probes.accuracy(outputs, labels)
    penalties = _penalties(artifact, images)
    same_loss, same_accuracy = SAME_ROUNDED if artifact.is_rounded else SAME
    scores = []
    for logarithms in _logarithms(outputs):
        loss = float(-(smooth * logarithms).sum(axis=1).mean() + np.mean(penalties))
        slack = same_loss * abs(loss) + 3 * float(np.ptp(penalties))
        at_most = loss + slack + _unseen(outputs, smooth)
        scores.append(_Score(loss, accuracy, slack, at_most, same_accuracy))
    return scores


def _penalties(artifact: Artifact, images: np.ndarray) -> list[float]:
    """Return what penalties add to the loss: of two batches, of up to eight if those differ."""
    batches = [images[start : start + 32] for start in range(0, len(images), 32)]
    penalties = [probes.penalty(artifact, batch) for batch in batches[:2]]
    if np.ptp(penalties) > 0:  # two may be close to each other by chance, eight are not
        penalties += [probes.penalty(artifact, batch) for batch in batches[2:8]]
    return penalties


def _logarithms(outputs: np.ndarray) -> list[np.ndarray]:
    """Return the logarithms that Keras's cross-entropy may take of a model's outputs.

    Of no probabilities it makes some. With `from_logits` they are logits. Without it each row is
    divided by its sum; but after a sigmoid, Keras remembers what went into it as logits.
    """
    outputs = outputs.astype(np.float64)
    if probes.are_probabilities(outputs):
        return [np.log(outputs + 1e-7)]
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = outputs / outputs.sum(axis=1, keepdims=True)
        before_sigmoid = np.log(outputs) - np.log1p(-outputs)
    logarithms = [_log_softmax(outputs), np.log(np.clip(shares, 1e-7, 1 - 1e-7))]
    if np.isfinite(before_sigmoid).all():
        logarithms.append(_log_softmax(before_sigmoid))
    return logarithms


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)


def _unseen(outputs: np.ndarray, labels: np.ndarray) -> float:
    """Return by how much a loss may be larger than its outputs tell, in nats.

    Keras knows the logarithm of a small probability from before softmax, to all its digits.
    """
    outputs = outputs.astype(np.float64)
    if not probes.are_probabilities(outputs):
        return 0.0
    if not (outputs[labels > 0] > 1e-6).all():
        return np.inf
    larger = np.log((outputs + 1e-7) / np.maximum(outputs, 1e-7))
    return float((labels * larger).sum(axis=1).mean())


def _agree(score: _Score, recorded: tuple[float, float]) -> bool:
    """Tell whether loss and accuracy are those that were recorded, rounding aside."""
    loss, accuracy = recorded
    return (
        score.loss - score.slack <= loss <= score.at_most
        and abs(score.accuracy - accuracy) <= score.turned
    )
