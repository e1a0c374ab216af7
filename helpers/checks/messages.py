"""What the checks say, all in one place: for each finding of each check, the words.

The pattern: what was seen, with the number; why it matters; which section to read again. Short,
for a tired student, and never the solution. `read` is a heading of the check's notebook.
"""

from dataclasses import dataclass
from typing import Any

from helpers.checks.report import EVERYTHING, Finding

NOTHING_ELSE = (EVERYTHING,)  # can be looked at then
LONGEST_WORDS = 500  # characters of a text of somebody else's within a message


@dataclass(frozen=True)
class Message:
    """The words of a finding.

    Attributes:
        criterion: the criterion that is not met.
        seen: what was seen, with places in braces for the numbers.
        why: why it matters.
        read: the section of the notebook to read again.
        hides: other criteria that nobody can look at then; see `Finding`.
    """

    criterion: str
    seen: str
    why: str
    read: str
    hides: tuple[str, ...] = ()


def finding(check: str, name: str, **seen: Any) -> Finding:
    """Return a finding of a check, with what was seen put into its words.

    Args:
        check: name of the check, such as `check_model`.
        name: name of the finding, such as `no-softmax`.
        seen: what belongs into the places of the message.
    """
    message = MESSAGES[check][name]
    told = {place: _shortened(value) for place, value in seen.items()}
    words = (message.seen.format(**told), message.why, message.read)
    return Finding(name, message.criterion, *words, message.hides)


def _shortened(value: Any) -> Any:
    """Return a text that can be stored and is soon read; anything else as it is."""
    if not isinstance(value, str):
        return value
    storable = value.encode("utf-8", "replace").decode()
    return storable if len(storable) <= LONGEST_WORDS else f"{storable[:LONGEST_WORDS]} ..."


def _no_model(criterion: str, read: str) -> Message:
    return Message(
        criterion,
        "{reason}",
        "Without a model that takes the images of the course there is nothing to train and nothing "
        "to check.",
        read,
        NOTHING_ELSE,
    )


def _output_messages(criterion: str, own_read: str, read: str) -> dict[str, Message]:
    """Return what is said about the ten numbers; `own_read` is the exercise, `read` the lesson."""
    return {
        "wrong-output-shape": Message(
            criterion,
            "For one image your model gives an output of shape {shape}; expected are ten numbers, "
            "shape (10,).",
            "There are ten classes, and the label of an image is a row of ten numbers.",
            read,
            NOTHING_ELSE,
        ),
        "not-a-number": Message(
            criterion,
            "For {count} of {all} images the ten numbers are not finite (`nan` or `inf`).",
            "A division by zero, the logarithm of zero or a training that blew up makes `nan`, "
            "and no training step brings it back.",
            own_read,
            NOTHING_ELSE,
        ),
    }


def _softmax_messages(criterion: str, read: str, why: str) -> dict[str, Message]:
    return {
        "no-softmax": Message(
            criterion, "{ending}: the ten numbers for one image {problem}.", why, read
        ),
        "softmax-twice": Message(
            criterion,
            "Your model ends in softmax, {count} times in a row: the largest of its ten numbers is "
            "{largest:.2f}, and none can ever pass {limit:.2f}.",
            "A network that may not be sure of anything learns slowly, and its loss stays high.",
            read,
        ),
    }


def _trained_messages(criterion: str, read: str) -> dict[str, Message]:
    return {
        "not-trained": Message(
            criterion,
            "The model names {score:.0%} of {count} images rightly, guessing gives 10%, and its "
            "numbers for the right classes are no higher than those for the others.",
            "Either `fit` was not run on this model, or the training destroyed it, for instance "
            "with a learning rate that is too high.",
            read,
        ),
    }


def _history_messages(criterion: str, read: str, epochs: str) -> dict[str, Message]:
    return {
        "history-not-kept": Message(
            criterion,
            "{reason}",
            "Without the history there are no curves, and the curves are how you see underfitting "
            "and overfitting.",
            read,
        ),
        "history-incomplete": Message(
            criterion,
            "The history has {present}, and lacks {missing}.",
            "Curves of training and validation, of loss and accuracy, come from the validation "
            "data that `fit` gets and from the metrics that `compile` gets.",
            read,
        ),
        "history-epochs": Message(
            criterion,
            "The history has {recorded} epochs, and the exercise asks for {epochs}.",
            epochs,
            read,
        ),
        "validated-on-test": Message(
            criterion,
            "The history's `val_loss` of {loss:.3f} is the loss of your model on the test images, "
            "not on the validation images.",
            "Whoever chooses by the test images has no honest number left at the end.",
            read,
        ),
        "validated-on-training": Message(
            criterion,
            "The history's `val_loss` of {loss:.3f} is the loss of your model on the training "
            "images, not on the validation images.",
            "A network is always good at what it has seen. Whether it is good at more shows on "
            "images that were kept apart.",
            read,
        ),
        "other-loss": Message(
            criterion,
            "The model was compiled with the loss `{loss}`, {value:.3f} in the end; its "
            "categorical cross-entropy is {expected:.3f}.",
            "The curves and comparisons of this course are in cross-entropy. Other losses give "
            "other numbers, and weaker gradients where the network is wrong.",
            read,
        ),
        "history-of-another-model": Message(
            criterion,
            "On the validation images your model has a loss of {loss:.3f} and an accuracy of "
            "{score:.1%}; the nearest in the history are {nearest_loss:.3f} and {nearest:.1%}.",
            "A history tells something only about the model that it was recorded with, on the "
            "images that it was validated on. Build, compile and train again, one after another.",
            read,
        ),
    }


MODEL = {
    "not-a-model": _no_model("output", "Your turn: the model"),
    **_output_messages("output", "Your turn: the model", "What the last layer says"),
    **_softmax_messages(
        "probabilities",
        "What the last layer says",
        "The loss of the next cell expects probabilities.",
    ),
    "random-in-inference": Message(
        "inference",
        "The same images, given twice to `model.predict`, get answers that differ by up to "
        "{difference:.2g}.",
        "Dropout, noise and augmentation belong to training. A layer that is called with "
        "`training=True` keeps them on for ever.",
        "Dropout",
    ),
    "depends-on-batch": Message(
        "inference",
        "An image that is given to `model.predict` alone gets another answer than together with "
        "{others} others: they differ by up to {difference:.2g}.",
        "In inference an answer may depend on its own image only. Batch normalization that is "
        "called with `training=True` looks at the whole batch.",
        "Batch normalization",
    ),
    "ignores-image": Message(
        "inference",
        "{count} different images get exactly the same answer.",
        "Something between input and output throws the image away, for instance a multiplication "
        "by zero or an activation that is zero everywhere.",
        "Your turn: the model",
    ),
    "nothing-to-train": Message(
        "gradient",
        "Your model has 0 trainable weights.",
        "Training changes trainable weights and nothing else, so `fit` could do nothing.",
        "Your turn: the model",
    ),
    "no-gradient": Message(
        "gradient",
        "The loss does not reach {count} of {all} arrays of weights, such as `{path}`.",
        "A layer without a gradient keeps its random weights for ever. Look at what becomes of its "
        "output: whether it is used, and whether a small change of it changes the answer.",
        "Your turn: the model",
    ),
    "does-not-learn": Message(
        "learns",
        "{steps} training steps on {images} easy images took the loss from {before:.3f} to "
        "{after:.3f}; it should have fallen.",
        "A model that cannot learn a few easy images will not learn thousands of hard ones. Look "
        "for weights that are frozen, and activations that are always zero or saturated.",
        "Your turn: the model",
    ),
    "random-when-called": Message(
        "calling",
        "`model(images)` and `model.predict(images)` differ by up to {difference:.2g}.",
        "Some layer is active unless it is told otherwise; augmentation layers are like that. Use "
        "`predict`, or `model(images, training=False)`.",
        "Three regularizers",
    ),
    "no-convolution": Message(
        "convolution",
        "An image passes through 0 convolutions in your model.",
        "Convolutions look for the same pattern everywhere in an image with few weights; dense "
        "layers alone need many more to learn the same.",
        "Five questions before you build",
    ),
    "no-regularization": Message(
        "regularization",
        "Your model does the same in training as in inference, and its penalty is 0: no "
        "regularization is active.",
        "Dropout, noise, batch normalization, augmentation layers and weight penalties count. You "
        "may do without; then watch the distance between the two curves.",
        "Three regularizers",
    ),
    "many-parameters": Message(
        "size",
        "Your model has {count:,} trainable parameters; this exercise is meant for {limit:,} at "
        "most.",
        "It will train slowly and overfit easily. A flatten in front of a wide dense layer is the "
        "usual reason.",
        "Two ways to fail",
    ),
}

TRAINING = {
    "not-a-model": _no_model("trained", "Your turn: train it"),
    **_output_messages("trained", "Your turn: train it", "Your turn: train it"),
    **_trained_messages("trained", "Your turn: train it"),
    **_history_messages(
        "history",
        "Your turn: train it",
        "Curves of different length cannot be compared. The number of epochs comes from the "
        "profile; running `fit` again continues the training of the same model.",
    ),
}

HEAD = {
    "not-a-model": _no_model("output", "Your turn: the head"),
    **_output_messages("output", "Your turn: the head", "Your turn: the head"),
    **_softmax_messages(
        "output", "Your turn: the head", "Categorical cross-entropy expects probabilities."
    ),
    "no-backbone": Message(
        "backbone",
        "Of the {all} arrays of weights of the pretrained backbone, {count} are in your model with "
        "their pretrained numbers.",
        "What is to be reused has to be in the model, as it was trained. If the backbone was "
        "trained already, run the cell that builds it again.",
        "Reuse: keep the backbone, replace the head",
        ("frozen", "preprocessing"),
    ),
    "backbone-trainable": Message(
        "frozen",
        "{count} of {all} arrays of the backbone are trainable, such as `{path}`.",
        "A new head starts with random weights. Its first large gradients would run through the "
        "backbone and spoil what it knows.",
        "Reuse: keep the backbone, replace the head",
    ),
    "statistics-move": Message(
        "frozen",
        "One pass in training mode changed {count} arrays of the backbone, such as `{path}`.",
        "Batch normalization layers update their moving averages unless they are frozen.",
        "Batch normalization has to hold still",
    ),
    "nothing-to-train": Message(
        "frozen",
        "Outside the backbone your model has 0 trainable weights.",
        "The backbone knows nothing of the ten classes. Only a head that can be trained learns "
        "them.",
        "What is reused",
    ),
    "head-frozen": Message(
        "frozen",
        "{count} arrays of the head are frozen, such as `{path}`.",
        "They are random numbers and stay so. Only the backbone has something to keep.",
        "Reuse: keep the backbone, replace the head",
    ),
    "wrong-preprocessing": Message(
        "preprocessing",
        "A white pixel reaches the backbone as {white} and a black one as {black}; in its own "
        "training they were {white_expected} and {black_expected}.",
        "The backbone's filters fit the numbers they were trained on, and the images of the course "
        "are in [0, 1].",
        "What the backbone expects",
    ),
    "colours-swapped": Message(
        "preprocessing",
        "A red pixel reaches the backbone as {red}; in its own training it was {expected}. Black "
        "and white are right.",
        "The three colours got into another order, or into one. The filters know red, green and "
        "blue, in this order.",
        "What the backbone expects",
    ),
    "preprocessing-unseen": Message(
        "preprocessing",
        "0 convolutions with the backbone's first filters were found on the way from the image to "
        "the output, so nobody can see what reaches them.",
        "A layer that is random even in inference hides it, and so does a backbone that was "
        "taken apart.",
        "What the backbone expects",
    ),
}

FINE_TUNING = {
    "not-a-model": _no_model("output", "Your turn: fine-tuning"),
    **_output_messages("output", "Your turn: fine-tuning", "Your turn: fine-tuning"),
    **_trained_messages("output", "Your turn: fine-tuning"),
    "no-backbone": Message(
        "moved",
        "Of the {all} arrays of weights of the pretrained backbone, {count} are in your model.",
        "What is to be fine-tuned has to be in the model: the one with your head, from the "
        "exercise before.",
        "Your turn: fine-tuning",
        NOTHING_ELSE,
    ),
    "nothing-moved": Message(
        "moved",
        "0 of the {all} convolution kernels of the backbone have changed.",
        "Either they were still frozen, or the model was not compiled again: a compiled training "
        "step keeps the list of weights that it was built with, and says nothing.",
        "Unfreezing needs a new compile",
    ),
    "learning-rate-too-high": Message(
        "gentle",
        "The backbone's weights moved {how_far} in about {steps} steps{stated}; right are learning "
        "rates up to {limit:.1g}.",
        "Fine-tuning adjusts what was learned. Large steps replace it, and what it was worth is "
        "gone.",
        "A learning rate that fits",
    ),
    "learning-rate-too-low": Message(
        "gentle",
        "The backbone's weights moved by {largest:.2g} at most in about {steps} steps{stated}; "
        "right are learning rates from {limit:.1g}.",
        "With steps as small as that nothing is learned, however many epochs it takes.",
        "A learning rate that fits",
    ),
    "statistics-moved": Message(
        "still",
        "In the backbone's batch normalization {count} of {all} arrays have changed, such as "
        "`{path}`.",
        "The pretrained weights fit the old ones. An unfrozen backbone runs its batch "
        "normalization in training mode; in Keras 3 calling it with `training=False` does not "
        "prevent that.",
        "Batch normalization has to hold still",
    ),
    **_history_messages(
        "history",
        "Your turn: fine-tuning",
        "The curves of both phases, frozen and fine-tuned, belong in one history, one behind the "
        "other.",
    ),
    "history-repeated": Message(
        "history",
        "The first {epochs} epochs of the history have the same losses as the last ones, digit for "
        "digit.",
        "Two trainings never give the same numbers: one phase is there twice, and the other one is "
        "missing.",
        "Your turn: fine-tuning",
    ),
}


def _artifact_messages(
    criterion: str, read: str, hides: tuple[str, ...] = ()
) -> dict[str, Message]:
    """Return what is said about artifacts; `hides` if a single one spoils everything."""
    return {
        "no-artifacts": Message(
            criterion,
            "{reason}",
            "The check copies each artifact's folder and asks the model in it, as a stranger's "
            "computer would.",
            read,
            NOTHING_ELSE,
        ),
        "missing-format": Message(
            criterion,
            "Of the {all} formats {count} are missing: {missing}.",
            "Each format runs where another one does not: in Keras, in a server, on a phone.",
            "Your turn: export",
            hides,
        ),
        "damaged-artifact": Message(
            criterion,
            "`{format}`: {reason}.",
            "Whoever gets a file has to be able to tell that it is whole. The checksums in "
            "`artifact.json` are there for that.",
            "What an artifact is",
            hides,
        ),
        "wrong-format": Message(
            criterion,
            "Under `{format}` lies an artifact of another format: {title}.",
            "Whoever picks an artifact by its name then starts the wrong program.",
            "What an artifact is",
            hides,
        ),
    }


def _does_not_run(criterion: str, hides: tuple[str, ...] = ()) -> dict[str, Message]:
    return {
        "does-not-run": Message(
            criterion,
            "`{format}` does not answer for {count} validation images in a process without your "
            "notebook: {reason}.",
            "An artifact has to carry all it needs. Code that only your notebook knows is not in "
            "it.",
            "A model that does not come back",
            hides,
        ),
    }


EXPORT = {
    "not-a-model": _no_model("artifacts", "The model"),
    **_output_messages("artifacts", "The model", "The model"),
    **_artifact_messages("artifacts", "Your turn: export"),
    **_does_not_run("artifacts"),
    "other-answers": Message(
        "answers",
        "`{format}` and your model differ by up to {difference:.2g} in a probability; allowed here "
        "are {limit:g}.",
        "Then another model was exported: before its training, without its preprocessing, or one "
        "from an earlier run. Only the difference shows it.",
        "Your turn: export",
    ),
    "wrong-classes": Message(
        "classes",
        "In `{format}` {count} of the ten names are in other places: number {place} is called "
        "'{said}', and its images show: {right}.",
        "The network gives ten numbers without names. With a wrong list every answer is wrong, "
        "however good the numbers are.",
        "What an artifact is",
    ),
    "not-trained": Message(
        "trained",
        "`{format}` names {score:.0%} of {count} validation images rightly; guessing gives 10%.",
        "An export keeps what the weights are at that moment. It does not train them.",
        "The model",
    ),
}

EQUALITY = {
    "not-a-model": _no_model("fresh", "The model"),
    **_output_messages("fresh", "The model", "The model"),
    **_artifact_messages("fresh", "Your turn: export", NOTHING_ELSE),
    **_does_not_run("fresh"),
    "no-predictions": Message(
        "fresh",
        "{reason}",
        "A proof compares numbers. Keep for each format the probabilities that came out of its "
        "fresh process.",
        "Your turn: prove it",
    ),
    "wrong-predictions-shape": Message(
        "fresh",
        "`fresh['{format}']` has the shape {shape}; the validation images give {expected}.",
        "Only the same images in the same order can be compared.",
        "Your turn: prove it",
    ),
    "from-the-notebook": Message(
        "fresh",
        "`fresh['{format}']` holds the answers of the notebook's model; those of the artifact "
        "differ from them by up to {difference:.2g}.",
        "A model that is compared with itself is always equal. The other side of the comparison "
        "has to come from the artifact.",
        "Equal to whom?",
    ),
    "not-from-the-artifact": Message(
        "fresh",
        "`fresh['{format}']` is up to {difference:.2g} away from what that artifact answers for "
        "the validation images.",
        "Other images, another order or another artifact: then the comparison says nothing about "
        "this one.",
        "Your turn: prove it",
    ),
    "no-verdict": Message(
        "verdict",
        "{reason}",
        "Somebody has to be able to act on it: deliver, or do not.",
        "Your turn: prove it",
    ),
    "called-equal": Message(
        "verdict",
        "You call `{format}` equal. Its largest difference is {difference:.2g}, the same top class "
        "comes out for {same:.1%} of the images; both conditions have to hold.",
        "The same top class, or a mean over many images, hides a change that shows on one of them.",
        "Equal to whom?",
    ),
    "called-different": Message(
        "verdict",
        "You call `{format}` not equal. Its largest difference is {difference:.2g}, and the same "
        "top class comes out for {same:.1%} of the images.",
        "Two programs add the same numbers in another order, so the last digits always differ. "
        "Exact equality is too much to ask.",
        "Equal to whom?",
    ),
}

CHOICE = {
    "not-a-model": _no_model("artifact", "The model"),
    **_output_messages("artifact", "The model", "The model"),
    "not-an-artifact": Message(
        "artifact",
        "`chosen` cannot be opened: {reason}.",
        "The phone gets one artifact, not a name and not a list.",
        "Your turn: choose for the phone",
        NOTHING_ELSE,
    ),
    "not-for-the-phone": Message(
        "artifact",
        "You chose the {title} ({size:.2f} MB); the phone runs LiteRT only.",
        "The other formats need TensorFlow, which takes several hundred megabytes itself.",
        "Export: the right form for each place",
        NOTHING_ELSE,
    ),
    **_does_not_run("artifact", NOTHING_ELSE),
    "too-large": Message(
        "size",
        "The {title} that you chose takes {size:.3f} MB; the phone has {limit:.3f} MB for it.",
        "Weights of 32 bits take four bytes each, of 16 bits two, of 8 bits one.",
        "Fewer bits",
    ),
    "too-inaccurate": Message(
        "accuracy",
        "The {title} that you chose names {after:.1%} of the validation images rightly, your model "
        "{before:.1%}; it may lose {loss:.0%}.",
        "Small and fast is worth nothing if the answers are wrong. If full int8 lost much, look at "
        "the images that its ranges were measured on.",
        "Ranges from representative images",
    ),
}

MESSAGES: dict[str, dict[str, Message]] = {
    "check_model": MODEL,
    "check_training": TRAINING,
    "check_head": HEAD,
    "check_fine_tuning": FINE_TUNING,
    "check_export": EXPORT,
    "check_equality": EQUALITY,
    "check_choice": CHOICE,
}
