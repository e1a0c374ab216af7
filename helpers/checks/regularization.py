"""The checks of the regularization notebook. Each takes an artifact and returns a report."""

import numpy as np

from helpers import profiles
from helpers.checks import probes
from helpers.checks.handover import Artifact
from helpers.checks.report import Criterion, Finding, Report

# Advice, not a limit: more takes too long for an exercise on a laptop.
MANY_PARAMETERS = 3_000_000
# How far a history may be from what the weights score: accuracies of the same images by the same
# weights differ only by rounding, but a learner may have evaluated on whole batches.
AGREEMENT = 0.03

# Standard errors: an untrained model gets beyond this in one of 30,000 cases.
BEYOND_CHANCE = 4.0

MODEL = (
    Criterion("output", "takes images of 32x32x3 and gives ten numbers for each", 1),
    Criterion("probabilities", "the ten numbers are probabilities", 1),
    Criterion("inference", "in inference, the answer depends on the image and on nothing else", 1),
    Criterion("gradient", "the loss reaches every layer", 1),
    Criterion("learns", "a few training steps lower the loss", 1),
)
TRAINING = (
    Criterion("trained", "the trained model does better than guessing", 4),
    Criterion("history", "the history is kept, complete, and that of this model", 1),
)


def check_model(artifact: Artifact, profile: profiles.Profile | None = None) -> Report:
    """Check a model for ten classes of 32x32x3 images, by what it does."""
    if finding := not_a_model(artifact, "output", "Your turn: the model"):
        return Report("check_model", MODEL, frozenset(), (finding,))
    findings: list[Finding] = []
    outputs = artifact.infer(probes.random_images(8))
    if outputs.shape != (8, probes.CLASSES):
        findings.append(_wrong_output(outputs))
        return Report("check_model", MODEL, frozenset(), tuple(findings))
    if not probes.are_probabilities(outputs):
        findings.append(not_probabilities(outputs))
    findings += _inference_findings(artifact, outputs)
    findings += _gradient_findings(artifact)
    findings += _learning_findings(artifact)
    findings += _advice(artifact)
    return report("check_model", MODEL, findings)


def check_training(artifact: Artifact, profile: profiles.Profile) -> Report:
    """Check a trained model and its history against the images of `profile`."""
    from helpers import data

    if finding := not_a_model(artifact, "trained", "Your turn: train it"):
        return Report("check_training", TRAINING, frozenset(), (finding,))
    splits = data.load_splits(profile)
    images, labels = probes.as_arrays(splits.validation)
    if artifact.infer(images[:1]).shape[1:] != (probes.CLASSES,):
        finding = _wrong_output(artifact.infer(images[:1]))
        return Report("check_training", TRAINING, frozenset(), (finding,))
    findings = trained_findings(artifact, splits, "trained", "Your turn: train it")
    score = probes.accuracy(artifact.infer(images), labels)
    findings += history_findings(
        artifact, profile.scratch_epochs, score, "Your turn: train it", "history"
    )
    return report("check_training", TRAINING, findings)


def report(check: str, criteria: tuple[Criterion, ...], findings: list[Finding]) -> Report:
    """Return the report in which every criterion without a finding is met."""
    failed = {finding.criterion for finding in findings}
    met = frozenset(criterion.name for criterion in criteria if criterion.name not in failed)
    ordered = sorted(findings, key=lambda finding: not finding.criterion)  # advice comes last
    return Report(check, criteria, met, tuple(ordered))


def not_a_model(artifact: Artifact, criterion: str, read: str) -> Finding | None:
    """Return the finding for something that is no model for these images, or None."""
    if reason := artifact.facts.get("not_a_model"):
        return Finding(
            "not-a-model",
            criterion,
            reason,
            "Without a model that takes the images there is nothing to train and nothing to check.",
            read,
        )
    return None


def not_probabilities(outputs: np.ndarray) -> Finding:
    """Return the finding for outputs that are no probabilities."""
    return Finding(
        "no-softmax",
        "probabilities",
        f"The ten numbers for one image add up to {float(outputs[0].sum()):.3g}, and the smallest "
        f"is {float(outputs[0].min()):.3g}: they are not probabilities.",
        "The loss of the course, categorical cross-entropy, takes the logarithm of the probability "
        "of the right class; a last layer with softmax makes probabilities.",
        "What the last layer says",
    )


def trained_findings(artifact: Artifact, splits, criterion: str, read: str) -> list[Finding]:
    """Return a finding if the model's answers have nothing to do with the labels."""
    images, labels = probes.as_arrays(splits.validation)
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
    return [
        Finding(
            "not-trained",
            criterion,
            f"The model names {score:.0%} of {len(images)} images rightly, guessing gives 10%, and "
            "its outputs for the right classes are no higher than for the others.",
            "Either `fit` was not run on this model, or the training destroyed it, for instance "
            "with a learning rate that is too high.",
            read,
        )
    ]


def history_findings(
    artifact: Artifact, epochs: int, score: float, read: str, criterion: str
) -> list[Finding]:
    """Return what is wrong with the history that was handed over with a model.

    Args:
        artifact: model and history.
        epochs: how many epochs the notebook asks for.
        score: accuracy of the handed-over weights on the validation images.
        read: the section to read again.
        criterion: the criterion that fails.
    """
    if reason := artifact.facts.get("no_history"):
        return [
            Finding(
                "history-not-kept",
                criterion,
                reason,
                "Without the history there are no curves, and the curves are how you see "
                "underfitting and overfitting.",
                read,
            )
        ]
    curves = artifact.facts["curves"]
    wanted = ("loss", "accuracy", "val_loss", "val_accuracy")
    if missing := [name for name in wanted if name not in curves]:
        return [
            Finding(
                "history-incomplete",
                criterion,
                f"The history lacks {', '.join(missing)}.",
                "`validation_data` in `fit` records the curves of the validation images, and "
                "`metrics=['accuracy']` in `compile` those of the accuracy.",
                read,
            )
        ]
    if (recorded := len(curves["loss"])) != epochs:
        return [
            Finding(
                "history-epochs",
                criterion,
                f"The history has {recorded} epochs, and the exercise asks for {epochs}.",
                "Curves of different length cannot be compared. The number of epochs comes from "
                "the profile; running `fit` again continues the training of the same model.",
                read,
            )
        ]
    nearest = min(abs(value - score) for value in curves["val_accuracy"])
    if nearest > AGREEMENT:
        return [
            Finding(
                "history-of-another-model",
                criterion,
                f"The model scores {score:.1%} on the validation images, but no epoch of the "
                f"history ended near that; the last one ended at {curves['val_accuracy'][-1]:.1%}.",
                "A history only tells something about the model that it was recorded with. Build, "
                "compile and train again, one after another.",
                read,
            )
        ]
    return []


def _wrong_output(outputs: np.ndarray) -> Finding:
    return Finding(
        "wrong-output-shape",
        "output",
        f"For one image your model gives an output of shape {outputs.shape[1:]}; expected are ten "
        "numbers, shape (10,).",
        "There are ten classes, and the label of an image is a row of ten numbers.",
        "What the last layer says",
    )


def _inference_findings(artifact: Artifact, outputs: np.ndarray) -> list[Finding]:
    images = probes.random_images(8)
    if not np.allclose(outputs, again := artifact.infer(images), atol=1e-5):
        return [
            Finding(
                "random-in-inference",
                "inference",
                "The same images, given twice to `model.predict`, get answers that differ by up to "
                f"{float(np.abs(outputs - again).max()):.2g}.",
                "Dropout, noise and augmentation belong to training. A layer called with "
                "`training=True` keeps them on for ever.",
                "Dropout",
            )
        ]
    if np.abs(outputs - outputs[:1]).max() < 1e-7:
        return [
            Finding(
                "ignores-image",
                "inference",
                "Eight different images get exactly the same answer.",
                "Something between input and output throws the image away, for instance a "
                "multiplication by zero or an activation that is zero everywhere.",
                "Your turn: the model",
            )
        ]
    return []


def _gradient_findings(artifact: Artifact) -> list[Finding]:
    if not artifact.trainable_weights:
        return [
            Finding(
                "nothing-to-train",
                "gradient",
                "Your model has no trainable weights.",
                "Training changes trainable weights and nothing else, so `fit` could do nothing.",
                "Your turn: the model",
            )
        ]
    if cut_off := probes.weights_without_gradient(artifact):
        return [
            Finding(
                "no-gradient",
                "gradient",
                f"The loss does not reach {len(cut_off)} weight(s): {', '.join(cut_off[:3])}.",
                "A layer without a gradient keeps its random weights for ever. Its output is not "
                "used, or an operation without a derivative, such as `argmax`, stands behind it.",
                "Your turn: the model",
            )
        ]
    return []


def _learning_findings(artifact: Artifact) -> list[Finding]:
    for size in (1e-3, 1e-2):  # a small network needs the larger one, a deep one the smaller
        before, after = probes.losses_before_and_after(artifact, size, steps=12)
        noise = max(before.std(), after.std())
        if before.mean() - after.mean() > 0.001 * before.mean() + 2 * noise:
            return []
    return [
        Finding(
            "does-not-learn",
            "learns",
            "Twelve training steps on forty easy images took the loss from "
            f"{before.mean():.3f} to {after.mean():.3f}; it should have fallen.",
            "A model that cannot learn forty easy images will not learn thousands of hard ones. "
            "Look for weights that are frozen, activations that are always zero or saturated, and "
            "softmax applied twice.",
            "Your turn: the model",
        )
    ]


def _advice(artifact: Artifact) -> list[Finding]:
    advice = []
    if not probes.has_convolution(artifact):
        advice.append(
            Finding(
                "no-convolution",
                "",
                "No image passes through a convolution in your model.",
                "Convolutions look for the same pattern everywhere in an image with few weights; "
                "dense layers alone need many more to learn the same.",
                "Five questions before you build",
            )
        )
    active = (
        artifact.facts["penalties"]
        or probes.is_random_in_training(artifact)
        or probes.differs_between_modes(artifact)
    )
    if not active:
        advice.append(
            Finding(
                "no-regularization",
                "",
                "Your model does the same in training as in inference and has no weight penalty: "
                "no regularization is active.",
                "You may do without. Then look closely at the distance between the two curves.",
                "Two ways to fail",
            )
        )
    images = probes.random_images(8)
    if not np.allclose(artifact.call(images), artifact.infer(images), atol=1e-5):
        advice.append(
            Finding(
                "random-when-called",
                "",
                "`model(images)` gives another answer than `model.predict(images)`.",
                "Some layer is active unless it is told otherwise: augmentation always is, and "
                "dropout if it was called with `training=True`. Use `predict`, or "
                "`model(images, training=False)`.",
                "Three regularizers",
            )
        )
    weights = sum(int(np.prod(weight.shape)) for weight in artifact.trainable_weights.values())
    if weights > MANY_PARAMETERS:
        advice.append(
            Finding(
                "many-parameters",
                "",
                f"Your model has {weights:,} trainable parameters.",
                "It will train slowly and overfit easily; a flatten in front of a wide dense layer "
                "is the usual reason.",
                "Two ways to fail",
            )
        )
    return advice
