"""The checks of the transfer-learning notebook. Each takes an artifact and returns a report."""

from functools import partial

import numpy as np

from helpers import densenet, profiles
from helpers.checks import messages, probes
from helpers.checks.handover import IMAGE_SHAPE, Artifact
from helpers.checks.histories import history_findings
from helpers.checks.regularization import softmax_findings, trained_findings, unusable
from helpers.checks.report import Criterion, Finding, Report
from helpers.checks.state import unoptimized_graphs

# Adam moves a weight by about its learning rate in a step (Kingma & Ba, 2015, section 2.1), so the
# largest movement divided by the number of steps tells the learning rate that was at work.
GENTLE_STEP = 4e-4
# Optimizers whose steps are about as long as the learning rate says, whatever the gradient.
STEPS_BY_RATE = ("Adam", "AdamW", "Adamax", "Nadam", "RMSprop", "Lion")
LEARNING_RATES = (0.999e-6, 3.001e-4)  # 1e-6 to 3e-4, in float32
OF_NORMALIZATION = ("moving_mean", "moving_variance", "gamma", "beta")  # ends of paths

# What the preprocessing is tried out on: black, white, red, green and blue images, and grey ones.
COLOURS = np.array(
    [[0, 0, 0], [1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0.25] * 3, [0.5] * 3], np.float32
)

# A criterion of 0 points is advice; see `helpers.checks.regularization.MODEL`.
HEAD = (
    Criterion("output", "takes images of 32x32x3 and gives ten probabilities", 1),
    Criterion("backbone", "the pretrained backbone is inside, with its own weights", 1),
    Criterion(
        "frozen", "training changes the head and leaves the backbone alone, statistics included", 2
    ),
    Criterion("preprocessing", "the backbone gets images as in its own training", 2),
)
FINE_TUNING = (
    Criterion("output", "the fine-tuned model does better than guessing", 1),
    Criterion("moved", "the backbone was unfrozen, compiled again and trained", 2),
    Criterion("still", "batch normalization of the backbone held still", 2),
    Criterion(
        "gentle", "the learning rate fits: neither spoils the old weights nor does nothing", 1
    ),
    Criterion("history", "one history over both phases, frozen and fine-tuned", 1),
)


def check_head(artifact: Artifact, profile: profiles.Profile) -> Report:
    """Check a new head on the profile's frozen backbone, by what it does."""
    found = partial(messages.finding, "check_head")
    with unoptimized_graphs():
        if finding := unusable(artifact, "check_head"):
            return Report.of("check_head", HEAD, [finding])
        findings = softmax_findings(artifact, "check_head")
        pretrained = _pretrained_weights(profile)
        inside = _find_backbone(artifact, pretrained)
        kept = _count_pretrained(artifact, inside, pretrained)
        if kept < len(pretrained):
            findings.append(found("no-backbone", count=kept, all=len(pretrained)))
            return Report.of("check_head", HEAD, findings)
        findings += _freezing_findings(artifact, set(inside.values()), pretrained, found)
        findings += _preprocessing_findings(artifact, pretrained, profile, found)
    return Report.of("check_head", HEAD, findings)


def check_fine_tuning(artifact: Artifact, profile: profiles.Profile) -> Report:
    """Check a fine-tuned model and its joined history, against the weights it started from.

    Fine-tuning the whole backbone is right, and so is fine-tuning it from any block on.
    """
    from helpers import data

    found = partial(messages.finding, "check_fine_tuning")
    if finding := unusable(artifact, "check_fine_tuning"):
        return Report.of("check_fine_tuning", FINE_TUNING, [finding])
    pretrained = _pretrained_weights(profile)
    inside = _find_backbone(artifact, pretrained)
    if len(inside) < len(pretrained):
        finding = found("no-backbone", count=len(inside), all=len(pretrained))
        return Report.of("check_fine_tuning", FINE_TUNING, [finding])
    splits = data.load_splits(profile)
    phases = (profile.head_epochs, profile.fine_tune_epochs)
    findings = [
        *trained_findings(artifact, splits, "check_fine_tuning"),
        *_movement_findings(artifact, inside, pretrained, profile, found),
        *_statistics_findings(artifact, inside, pretrained, found),
        *history_findings(artifact, splits, phases, "check_fine_tuning"),
    ]
    return Report.of("check_fine_tuning", FINE_TUNING, findings)


def _pretrained_weights(profile: profiles.Profile) -> dict[str, np.ndarray]:
    """Return the weights that the profile's backbone starts with, by path."""
    backbone = densenet.build_backbone(profile)
    return {variable.path: variable.numpy() for variable in backbone.variables}


def _find_backbone(artifact: Artifact, pretrained: dict[str, np.ndarray]) -> dict[str, str]:
    """Return the artifact's path for each path of the backbone that is inside it.

    Paths grow when a backbone becomes part of a model, but end in the names of layer and variable.
    Where a layer of the head has such a name as well, the nearer weights are the backbone's.
    """
    candidates: dict[tuple, list[str]] = {}
    for path, weight in artifact.weights.items():
        candidates.setdefault(_key(path, weight), []).append(path)
    return {
        path: min(same, key=lambda candidate: _distance(artifact, candidate, value))
        for path, value in pretrained.items()
        if (same := candidates.get(_key(path, value)))
    }


def _key(path: str, weight) -> tuple:
    """Return the names of layer and variable, and the shape."""
    return (*path.split("/")[-2:], tuple(weight.shape))


def _distance(artifact: Artifact, path: str, value: np.ndarray) -> float:
    return float(np.abs(artifact.weights[path].numpy() - value).mean())


def _count_pretrained(
    artifact: Artifact, inside: dict[str, str], pretrained: dict[str, np.ndarray]
) -> int:
    """Return how many weights of the backbone are inside, with the values they were trained to."""
    weights = artifact.weights
    return sum(
        np.allclose(weights[inside[path]].numpy(), value, atol=1e-5)
        for path, value in pretrained.items()
        if path in inside
    )


def _freezing_findings(
    artifact: Artifact,
    backbone: set[str],
    pretrained: dict[str, np.ndarray],
    found: partial[Finding],
) -> list[Finding]:
    """Return a finding unless exactly the head's weights are trained.

    Args:
        artifact: the model.
        backbone: the paths of the backbone's weights.
        pretrained: the weights that the backbone starts with, by path.
        found: makes a finding.
    """
    trainable = artifact.trainable_weights
    if thawed := [path for path in trainable if path in backbone]:
        return [found("backbone-trainable", count=len(thawed), all=len(backbone), path=thawed[0])]
    if not trainable:
        return [found("nothing-to-train")]
    # Moving averages, seeds and constants of the head are not trained either, kernels are. Those of
    # a second backbone, as for images of another size, are pretrained and need not be.
    frozen = [
        path
        for path, weight in artifact.untrainable_weights.items()
        if path not in backbone
        and path.endswith("kernel")
        and not _is_among(weight.numpy(), pretrained)
    ]
    if frozen:
        return [found("head-frozen", count=len(frozen), path=frozen[0])]
    before = {path: artifact.weights[path].numpy() for path in backbone}
    with probes.weights_put_back(artifact):
        artifact.train(probes.random_images(32))
        changed = [
            path
            for path, value in before.items()
            if not np.array_equal(value, artifact.weights[path].numpy())
        ]
    if changed:
        return [found("statistics-move", count=len(changed), path=min(changed))]
    return []


def _is_among(weight: np.ndarray, pretrained: dict[str, np.ndarray]) -> bool:
    """Tell whether a weight is one of those that the backbone starts with."""
    return any(
        value.shape == weight.shape and np.allclose(weight, value, atol=1e-5)
        for value in pretrained.values()
    )


def _preprocessing_findings(
    artifact: Artifact,
    pretrained: dict[str, np.ndarray],
    profile: profiles.Profile,
    found: partial[Finding],
) -> list[Finding]:
    """Compare what reaches the first convolution with what the backbone was trained on."""
    plain = np.broadcast_to(COLOURS[:, None, None], (len(COLOURS), *IMAGE_SHAPE))
    expected = np.asarray(densenet.build_preprocessing(profile)(plain))[:, 0, 0]
    kernel = next(value for value in pretrained.values() if value.ndim == 4)
    seen = _input_of_convolution(artifact, kernel, plain)
    if seen is None:
        return [found("preprocessing-unseen")]
    wrong = np.abs(seen - expected).max(axis=1) >= 0.05
    if wrong[0] or wrong[1]:
        return [
            found(
                "wrong-preprocessing",
                black=_numbers(seen[0]),
                white=_numbers(seen[1]),
                black_expected=_numbers(expected[0]),
                white_expected=_numbers(expected[1]),
            )
        ]
    if wrong.any():
        red, red_expected = _numbers(seen[2]), _numbers(expected[2])
        return [found("colours-swapped", red=red, expected=red_expected)]
    return []


def _numbers(values: np.ndarray) -> str:
    return "(" + ", ".join(f"{value:.2f}" for value in values) + ")"


def _input_of_convolution(
    artifact: Artifact, kernel: np.ndarray, images: np.ndarray
) -> np.ndarray | None:
    """Return what the convolution with this kernel gets in the middle of each image.

    Returns:
        An array of shape (n, channels), or None if that cannot be seen.
    """
    import tensorflow as tf

    try:
        graph = artifact.inference_graph()
    except ValueError:  # a layer that is random even in inference
        return None
    with tf.compat.v1.Session(graph=graph) as session:
        for operation in graph.get_operations():
            if operation.type != "Conv2D":
                continue
            if tuple(operation.inputs[1].shape) != kernel.shape:
                continue
            # In mixed precision the kernel was rounded.
            if np.allclose(session.run(operation.inputs[1].name), kernel, rtol=1e-2, atol=1e-3):
                reached = session.run(operation.inputs[0].name, {"images:0": images})
                return reached[:, reached.shape[1] // 2, reached.shape[2] // 2]
    return None


def _movement_findings(
    artifact: Artifact,
    inside: dict[str, str],
    pretrained: dict[str, np.ndarray],
    profile: profiles.Profile,
    found: partial[Finding],
) -> list[Finding]:
    """Judge how far the backbone moved, together with the learning rate that was stated."""
    weights = artifact.weights
    kernels = [path for path, value in pretrained.items() if value.ndim == 4]
    moves = [np.abs(weights[inside[path]].numpy() - pretrained[path]).max() for path in kernels]
    # What is no number any more moved as far as can be, though ReLU may make numbers of it again.
    largest = float(np.where(np.isfinite(moves), moves, np.inf).max())
    steps = profile.fine_tune_epochs * -(-profile.train_images // 32)
    rate = max(artifact.facts["learning_rates"], default=None)
    lowest, highest = LEARNING_RATES
    moved = {
        "largest": largest,
        "how_far": f"by up to {largest:.2g}" if largest < np.inf else "until they were no numbers",
        "steps": steps,
        "stated": f" at a learning rate of {rate:g}" if rate else "",
    }
    findings = []
    if largest == 0:
        findings.append(found("nothing-moved", all=len(kernels)))
    # Of a rate that a callback sets, only the last value is known: the weights say more.
    stated_low = rate is not None and rate < lowest and largest < lowest * steps
    if 0 < largest < lowest or stated_low:
        findings.append(found("learning-rate-too-low", limit=lowest, **moved))
    elif largest / steps > GENTLE_STEP or (largest > 0 and _is_above(artifact, rate, highest)):
        findings.append(found("learning-rate-too-high", limit=highest, **moved))
    return findings


def _is_above(artifact: Artifact, rate: float | None, highest: float) -> bool:
    """Tell whether a stated learning rate is too high; it says nothing about every optimizer."""
    says_something = artifact.facts["optimizer"] in STEPS_BY_RATE
    return says_something and rate is not None and rate > highest


def _statistics_findings(
    artifact: Artifact,
    inside: dict[str, str],
    pretrained: dict[str, np.ndarray],
    found: partial[Finding],
) -> list[Finding]:
    weights = artifact.weights
    # Scale and shift only move in a layer that was unfrozen, and that used the statistics of the
    # batch: its moving averages stay where they are if its momentum is 1, or if they are put back.
    normalization = [path for path in pretrained if path.endswith(OF_NORMALIZATION)]
    moved = [
        path
        for path in normalization
        if not np.allclose(weights[inside[path]].numpy(), pretrained[path], atol=1e-6)
    ]
    if not moved:
        return []
    return [found("statistics-moved", count=len(moved), all=len(normalization), path=moved[0])]
