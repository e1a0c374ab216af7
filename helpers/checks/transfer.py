"""The checks of the transfer-learning notebook. Each takes an artifact and returns a report."""

import numpy as np

from helpers import densenet, profiles
from helpers.checks import probes
from helpers.checks.handover import Artifact
from helpers.checks.regularization import (
    history_findings,
    not_a_model,
    not_probabilities,
    report,
    trained_findings,
)
from helpers.checks.report import Criterion, Finding, Report

# Adam moves a weight by about its learning rate in a step (Kingma & Ba, 2015, section 2.1), so the
# largest movement divided by the number of steps tells the learning rate that was at work.
GENTLE_STEP = 4e-4

HEAD = (
    Criterion("output", "takes images of 32x32x3 and gives ten probabilities", 1),
    Criterion("backbone", "the pretrained backbone is inside, with its own weights", 1),
    Criterion("frozen", "training leaves the backbone alone, moving statistics included", 2),
    Criterion("preprocessing", "the backbone gets images as in its own training", 2),
)
FINE_TUNING = (
    Criterion("output", "the fine-tuned model does better than guessing", 1),
    Criterion("moved", "the backbone was unfrozen, compiled again and trained", 2),
    Criterion("still", "batch normalization of the backbone held still", 2),
    Criterion("gentle", "the learning rate left the pretrained weights near where they were", 1),
    Criterion("history", "one history over both phases, frozen and fine-tuned", 1),
)

HEAD_READ = "Your turn: the head"
FINE_TUNING_READ = "Your turn: fine-tuning"


def check_head(artifact: Artifact, profile: profiles.Profile) -> Report:
    """Check a new head on the profile's frozen backbone, by what it does."""
    if finding := not_a_model(artifact, "output", HEAD_READ):
        return Report("check_head", HEAD, frozenset(), (finding,))
    findings: list[Finding] = []
    outputs = artifact.infer(probes.random_images(4))
    if outputs.shape[1:] != (probes.CLASSES,) or not probes.are_probabilities(outputs):
        finding = not_probabilities(outputs.reshape(len(outputs), -1))
        findings.append(Finding(finding.id, "output", finding.seen, finding.why, HEAD_READ))
    pretrained = _pretrained_weights(profile)
    inside = _find_backbone(artifact, pretrained)
    if not _holds(artifact, inside, pretrained):
        missing = (_no_backbone(inside, pretrained),)
        return Report("check_head", HEAD, _met(HEAD, findings, {"output"}), (*findings, *missing))
    findings += _freezing_findings(artifact, inside)
    findings += _preprocessing_findings(artifact, pretrained, profile)
    return report("check_head", HEAD, findings)


def check_fine_tuning(artifact: Artifact, profile: profiles.Profile) -> Report:
    """Check a fine-tuned model and its joined history, against the weights it started from."""
    from helpers import data

    if finding := not_a_model(artifact, "output", FINE_TUNING_READ):
        return Report("check_fine_tuning", FINE_TUNING, frozenset(), (finding,))
    splits = data.load_splits(profile)
    images, labels = probes.as_arrays(splits.validation)
    outputs = artifact.infer(images)
    if outputs.shape[1:] != (probes.CLASSES,):
        finding = not_probabilities(outputs.reshape(len(outputs), -1))
        return Report("check_fine_tuning", FINE_TUNING, frozenset(), (finding,))
    pretrained = _pretrained_weights(profile)
    inside = _find_backbone(artifact, pretrained)
    if len(inside) < len(pretrained):
        finding = _no_backbone(inside, pretrained)
        return Report("check_fine_tuning", FINE_TUNING, frozenset(), (finding,))
    findings = trained_findings(artifact, splits, "output", FINE_TUNING_READ)
    findings += _movement_findings(artifact, inside, pretrained, profile)
    findings += _statistics_findings(artifact, inside, pretrained)
    findings += history_findings(
        artifact,
        profile.head_epochs + profile.fine_tune_epochs,
        probes.accuracy(outputs, labels),
        FINE_TUNING_READ,
        "history",
    )
    return report("check_fine_tuning", FINE_TUNING, findings)


def _pretrained_weights(profile: profiles.Profile) -> dict[str, np.ndarray]:
    """Return the weights that the profile's backbone starts with, by path."""
    backbone = densenet.build_backbone(profile)
    return {variable.path: variable.numpy() for variable in backbone.variables}


def _find_backbone(artifact: Artifact, pretrained: dict[str, np.ndarray]) -> dict[str, str]:
    """Return the artifact's path for each path of the backbone that is inside it."""
    by_name = {"/".join(path.split("/")[-2:]): path for path in artifact.weights}
    weights = artifact.weights
    return {
        path: by_name[path]
        for path, value in pretrained.items()
        if path in by_name and tuple(weights[by_name[path]].shape) == value.shape
    }


def _holds(artifact: Artifact, inside: dict[str, str], pretrained: dict[str, np.ndarray]) -> bool:
    """Tell whether every weight of the backbone is inside, with the value it was trained to."""
    weights = artifact.weights
    return len(inside) == len(pretrained) and all(
        np.allclose(weights[inside[path]].numpy(), value, atol=1e-5)
        for path, value in pretrained.items()
    )


def _no_backbone(inside: dict[str, str], pretrained: dict[str, np.ndarray]) -> Finding:
    return Finding(
        "no-backbone",
        "backbone",
        f"Of the {len(pretrained)} weight arrays of the pretrained backbone, {len(inside)} are in "
        "your model by name, and not all of them with their pretrained values.",
        "What is to be reused has to be in the model: use `backbone` from the cell above as a "
        "layer, as it is. If you trained it already, run that cell again first.",
        HEAD_READ,
    )


def _met(
    criteria: tuple[Criterion, ...], findings: list[Finding], reached: set[str]
) -> frozenset[str]:
    failed = {finding.criterion for finding in findings}
    return frozenset(c.name for c in criteria if c.name in reached and c.name not in failed)


def _freezing_findings(artifact: Artifact, inside: dict[str, str]) -> list[Finding]:
    in_backbone = set(inside.values())
    if thawed := [path for path in artifact.trainable_weights if path in in_backbone]:
        return [
            Finding(
                "backbone-trainable",
                "frozen",
                f"{len(thawed)} arrays of the backbone are trainable, such as `{thawed[0]}`.",
                "A new head starts with random weights, and its first large gradients would run "
                "through the backbone and spoil what it knows. Freeze it before you compile.",
                "Reuse: keep the backbone, replace the head",
            )
        ]
    before = {path: weight.numpy() for path, weight in artifact.weights.items()}
    with probes.weights_put_back(artifact):
        artifact.train(probes.random_images(32))
        after = artifact.weights
        changed = [path for path in in_backbone if not np.array_equal(before[path], after[path])]
    if changed:
        return [
            Finding(
                "statistics-move",
                "frozen",
                f"One pass in training mode changed {len(changed)} arrays of the backbone, such as "
                f"`{changed[0]}`.",
                "Batch normalization layers update their moving statistics unless they are frozen.",
                "Batch normalization has to hold still",
            )
        ]
    return []


def _preprocessing_findings(
    artifact: Artifact, pretrained: dict[str, np.ndarray], profile: profiles.Profile
) -> list[Finding]:
    """Compare what reaches the first convolution with what the backbone was trained on."""
    plain = np.ones((4, 32, 32, 3), np.float32) * np.array([0, 0.25, 0.5, 1])[:, None, None, None]
    plain = plain.astype(np.float32)
    expected = np.asarray(densenet.build_preprocessing(profile)(plain))[:, 0, 0]
    kernel = next(value for value in pretrained.values() if value.ndim == 4)
    seen = _input_of_convolution(artifact, kernel, plain)
    if seen is not None and np.abs(seen - expected).max() < 0.05:
        return []
    if seen is None:
        what = "What reaches the first convolution of the backbone could not be seen."
    else:
        what = (
            f"A white pixel reaches the backbone as {_numbers(seen[-1])} and a black one as "
            f"{_numbers(seen[0])}; in its own training they were {_numbers(expected[-1])} and "
            f"{_numbers(expected[0])}."
        )
    return [
        Finding(
            "wrong-preprocessing",
            "preprocessing",
            what,
            "The backbone's filters fit the numbers they were trained on. The images of the "
            "course are in [0, 1]; what is missing is subtracting the mean and dividing by the "
            "standard deviation, once, inside the model.",
            "What the backbone expects",
        )
    ]


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
            if np.allclose(session.run(operation.inputs[1].name), kernel, atol=1e-5):
                reached = session.run(operation.inputs[0].name, {"images:0": images})
                return reached[:, reached.shape[1] // 2, reached.shape[2] // 2]
    return None


def _movement_findings(
    artifact: Artifact,
    inside: dict[str, str],
    pretrained: dict[str, np.ndarray],
    profile: profiles.Profile,
) -> list[Finding]:
    weights = artifact.weights
    kernels = [path for path, value in pretrained.items() if value.ndim == 4]
    largest = max(
        float(np.abs(weights[inside[path]].numpy() - pretrained[path]).max()) for path in kernels
    )
    if largest < 1e-6:
        return [
            Finding(
                "nothing-moved",
                "moved",
                f"None of the {len(kernels)} convolution kernels of the backbone has changed.",
                "Either the backbone is still frozen, or the model was not compiled again after "
                "unfreezing: a compiled training step keeps the list of weights it was built "
                "with, and says nothing.",
                "Unfreezing needs a new compile",
            )
        ]
    steps = profile.fine_tune_epochs * -(-profile.train_images // 32)
    if largest / steps > GENTLE_STEP:
        stated = artifact.facts.get("learning_rate")
        named = f" (the optimizer's learning rate is {stated:g})" if stated else ""
        return [
            Finding(
                "learning-rate-too-high",
                "gentle",
                f"A convolution kernel of the backbone moved by {largest:.2g} in about {steps} "
                f"steps, {largest / steps:.1g} in each{named}.",
                "Fine-tuning should adjust what was learned, not replace it. Adam's default of "
                "0.001 destroys pretrained features; 1e-5 to 1e-4 is usual.",
                "A learning rate that fits",
            )
        ]
    return []


def _statistics_findings(
    artifact: Artifact, inside: dict[str, str], pretrained: dict[str, np.ndarray]
) -> list[Finding]:
    weights = artifact.weights
    statistics = [path for path in pretrained if path.endswith(("moving_mean", "moving_variance"))]
    moved = [
        path
        for path in statistics
        if not np.allclose(weights[inside[path]].numpy(), pretrained[path], atol=1e-6)
    ]
    if not moved:
        return []
    return [
        Finding(
            "statistics-moved",
            "still",
            f"{len(moved)} of {len(statistics)} moving statistics of the backbone have changed, "
            f"such as `{moved[0]}`.",
            "The pretrained weights fit the old statistics. Setting `trainable = True` on the "
            "backbone lets its batch normalization run in training mode; in Keras 3 calling it "
            "with `training=False` does not prevent that.",
            "Batch normalization has to hold still",
        )
    ]
