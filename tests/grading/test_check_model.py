"""Right models lose no point, whatever they look like; wrong ones get the finding they need."""

import pytest

from helpers import checks, profiles
from helpers.checks import probes
from helpers.checks.handover import Artifact, write_artifact
from helpers.quiet import import_tensorflow

import_tensorflow()
import keras  # noqa: E402
import tensorflow as tf  # noqa: E402
from keras import layers  # noqa: E402

GRADE = profiles.PROFILES["grade"]


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.convolution = layers.Conv2D(8, 3, strides=4, activation="relu")
        self.dropout = layers.Dropout(0.2)
        self.answer = layers.Dense(10)

    def call(self, images, training=None):
        features = keras.ops.mean(self.convolution(images), axis=(1, 2))
        return tf.nn.softmax(self.answer(self.dropout(features, training=training)))


class TrainingMode(layers.Layer):
    """Call another layer in training mode, always."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def call(self, x):
        return self.layer(x, training=True)


class TrainingModeUnlessTold(TrainingMode):
    def call(self, x, training=True):
        return self.layer(x, training=training)


class PlainVariables(layers.Layer):
    """A variable that Keras does not know of, and Keras's own generator of random numbers."""

    def __init__(self):
        super().__init__()
        self.scale = tf.Variable(2.0)

    def call(self, x, training=False):
        noise = keras.random.normal(keras.ops.shape(x)) if training else 0.0
        return self.scale * x + noise


class Penalized(Subclassed):
    def call(self, images, training=None):
        self.add_loss(1e-3 * keras.ops.mean(keras.ops.square(images)))
        return super().call(images, training=training)


def sequential(*middle, last="softmax", shape=(32, 32, 3)):
    return keras.Sequential(
        [
            keras.Input(shape),
            layers.Conv2D(8, 3, strides=4, activation="relu"),
            *middle,
            layers.Flatten(),
            layers.Dense(10, activation=last),
        ]
    )


def small(*inside, **options):
    """The smallest model that a regularizer can be put into."""
    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            *inside,
            layers.AveragePooling2D(8),
            layers.Flatten(),
            layers.Dense(10, activation="softmax", **options),
        ]
    )


def residual(**options):
    images = keras.Input((32, 32, 3))
    x = layers.Conv2D(8, 3, strides=4, padding="same", use_bias=False)(images)
    y = layers.BatchNormalization()(x)
    y = layers.Conv2D(8, 3, padding="same", activation="relu")(y)
    x = layers.add([x, layers.BatchNormalization(**options)(y)])
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(images, layers.Softmax()(layers.Dense(10)(x)))


def unbuilt():
    return keras.Sequential(
        [layers.Conv2D(8, 5, strides=4), layers.Flatten(), layers.Dense(10, "softmax")]
    )


def attention():
    images = keras.Input((32, 32, 3))
    x = layers.Conv2D(8, 4, strides=8)(images)
    x = layers.Reshape((-1, 8))(x)
    x = layers.MultiHeadAttention(1, 4)(x, x)
    return keras.Model(images, layers.Dense(10, "softmax")(layers.Flatten()(x)))


def branch():
    images = keras.Input((32, 32, 3))
    x = layers.Conv2D(4, 3, strides=8, name="convolution")(images)
    return keras.Model(images, layers.Flatten()(x))


def branches_with_the_same_names():
    images = keras.Input((32, 32, 3))
    x = layers.concatenate([branch()(images), branch()(images)])
    return keras.Model(images, layers.Dense(10, "softmax")(x))


def one_output_in_a_list():
    images = keras.Input((32, 32, 3))
    return keras.Model(images, [layers.Dense(10, "softmax")(layers.Flatten()(images))])


RIGHT = {
    "sequential": sequential,
    "augmented": lambda: sequential(layers.GaussianNoise(0.1), layers.BatchNormalization()),
    "residual": residual,
    "a branch that starts at zero": lambda: residual(gamma_initializer="zeros"),
    "subclassed": Subclassed,
    "unbuilt": unbuilt,
    "lambda": lambda: sequential(layers.Lambda(lambda x: x * 2)),
    "grouped convolution": lambda: small(layers.Conv2D(9, 3, groups=3, padding="same")),
    "plain variables": lambda: sequential(PlainVariables()),
    "attention": attention,
    "branches with the same names": branches_with_the_same_names,
    "dense between two softmax": lambda: sequential(
        layers.Flatten(), layers.Dense(20, "softmax"), layers.Rescaling(20)
    ),
    "half precision": lambda: sequential(layers.BatchNormalization(dtype="mixed_float16")),
    "one output in a list": one_output_in_a_list,
}


def zeros():
    return layers.Lambda(lambda x: x * 0)


def cut_off():
    images = keras.Input((32, 32, 3))
    x = layers.Conv2D(8, 3, strides=4)(images)
    y = layers.Lambda(tf.stop_gradient)(layers.Conv2D(8, 3)(x))
    return keras.Model(images, layers.Dense(10, "softmax")(layers.Flatten()(y)))


def frozen():
    model = sequential()
    model.trainable = False
    return model


def two_outputs():
    images = keras.Input((32, 32, 3))
    x = layers.Flatten()(images)
    return keras.Model(images, {"a": layers.Dense(10)(x), "b": layers.Dense(10)(x)})


ALL = 5  # points of the check
WRONG = {
    "text": (lambda: "convolution", "not-a-model", ALL),
    "none": (lambda: None, "not-a-model", ALL),
    "class": (lambda: Subclassed, "not-a-model", ALL),
    "layer": (lambda: layers.Dense(10), "not-a-model", ALL),
    "history": (keras.callbacks.History, "not-a-model", ALL),
    "wrong input": (lambda: sequential(shape=(28, 28, 1)), "not-a-model", ALL),
    "two outputs": (two_outputs, "not-a-model", ALL),
    "eleven": (
        lambda: keras.Sequential(
            [keras.Input((32, 32, 3)), layers.Flatten(), layers.Dense(11, "softmax")]
        ),
        "wrong-output-shape",
        ALL,
    ),
    "map": (
        lambda: keras.Sequential(
            [keras.Input((32, 32, 3)), layers.Conv2D(10, 3, activation="softmax")]
        ),
        "wrong-output-shape",
        ALL,
    ),
    "no numbers": (lambda: sequential(layers.Lambda(tf.math.log)), "not-a-number", ALL),
    "logits": (lambda: sequential(last=None), "no-softmax", 1),
    "sigmoid": (lambda: sequential(last="sigmoid"), "no-softmax", 1),
    "softmax twice": (
        lambda: keras.Sequential([sequential(), layers.Dropout(0.1), layers.Softmax()]),
        "softmax-twice",
        1,
    ),
    "softmax thrice": (
        lambda: keras.Sequential([sequential(), layers.Softmax(), layers.Activation("softmax")]),
        "softmax-twice",
        1,
    ),
    "dropout always on": (
        lambda: sequential(TrainingMode(layers.Dropout(0.5))),
        "random-in-inference",
        1,
    ),
    "augmentation always on": (
        lambda: sequential(TrainingMode(layers.RandomFlip())),
        "random-in-inference",
        1,
    ),
    "batch statistics always": (
        lambda: sequential(TrainingMode(layers.BatchNormalization())),
        "depends-on-batch",
        1,
    ),
    "softmax over the batch": (
        lambda: sequential(layers.Lambda(lambda x: tf.nn.softmax(x, axis=0))),
        "depends-on-batch",
        1,
    ),
    "ignores the image": (lambda: sequential(zeros()), "ignores-image", None),
    "cut off": (cut_off, "no-gradient", None),
    "frozen": (frozen, "nothing-to-train", None),
    "learns nothing": (lambda: sequential(zeros()), "does-not-learn", None),
}


def judge(model, folder):
    write_artifact(folder / "check_model", model, endpoints=("infer", "train", "call"))
    return checks.judges()["check_model"](Artifact(folder / "check_model"), GRADE)


def advice(report):
    return {found.id for found in report.findings if report.is_advice(found)}


def mended(report):
    """The findings that cost points."""
    return [found.id for found in report.findings if not report.is_advice(found)]


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_model_loses_no_point(name, tmp_path):
    report = judge(RIGHT[name](), tmp_path)
    assert report.passed, report
    if name == "grouped convolution":  # Keras hides it in a function
        assert "no-convolution" not in advice(report)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_model_gets_the_finding_it_needs(name, tmp_path):
    build, finding, lost = WRONG[name]
    report = judge(build(), tmp_path)
    assert finding in mended(report), report
    assert not report.passed
    if lost is not None:
        assert report.out_of - report.points == lost, report


def test_the_shape_that_a_model_takes_is_told(tmp_path):
    report = judge(sequential(shape=(28, 28, 1)), tmp_path)
    assert "images of shape (28, 28, 1); those of the course have (32, 32, 3)" in str(report)


def test_of_an_error_inside_the_model_the_line_is_told_that_says_what_is_wrong(tmp_path):
    class Broken(Subclassed):
        def call(self, images, training=None):
            return self.answer(keras.ops.reshape(images, (7, 7)))

    (finding,) = judge(Broken(), tmp_path).findings
    assert "Exception encountered" not in finding.seen
    assert "reshape" in finding.seen.lower()
    assert "\x1b" not in finding.seen


def told(model, folder, finding):
    return next(found for found in judge(model, folder).findings if found.id == finding).seen


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (lambda: sequential(last=None), "ends in `Dense(10)` without softmax: the ten numbers"),
        (lambda: sequential(last="sigmoid"), "ends in `Dense(10)` with sigmoid instead of softmax"),
        (lambda: keras.Sequential([sequential(last=None)]), "ends in `Dense(10)` without softmax"),
    ],
)
def test_a_last_layer_that_can_be_told_is_named(model, words, tmp_path):
    assert words in told(model(), tmp_path, "no-softmax")


def test_without_a_last_layer_that_can_be_told_there_are_words(tmp_path):
    class Logits(Subclassed):
        def call(self, images, training=None):
            return self.answer(keras.ops.mean(self.convolution(images), axis=(1, 2)))

    words = told(Logits(), tmp_path, "no-softmax")
    assert words.startswith("Your model does not end in probabilities: the ten numbers for one")


def test_the_sum_that_is_told_is_the_sum_that_is_given(tmp_path):
    images, _ = probes.easy_batch()
    model = small()
    model.layers[-1].activation = keras.activations.linear
    model.layers[-1].kernel.assign(keras.ops.zeros_like(model.layers[-1].kernel))
    model.layers[-1].bias.assign([0.37] * 10)
    assert model(images[:1]).numpy().sum() == pytest.approx(3.7)
    assert "add up to 3.70" in told(model, tmp_path, "no-softmax")


REGULARIZED = {
    "dropout": lambda: small(layers.Dropout(0.2)),
    "spatial dropout": lambda: small(layers.SpatialDropout2D(0.5)),
    "gaussian noise": lambda: small(layers.GaussianNoise(0.1)),
    "gaussian dropout": lambda: small(layers.GaussianDropout(0.2)),
    "alpha dropout": lambda: small(layers.AlphaDropout(0.2)),
    "flip": lambda: small(layers.RandomFlip("horizontal")),
    "translation": lambda: small(layers.RandomTranslation(0.2, 0.2)),
    "rotation": lambda: small(layers.RandomRotation(0.1)),
    "contrast": lambda: small(layers.RandomContrast(0.3)),
    "batch normalization": lambda: small(layers.BatchNormalization()),
    "weight penalty": lambda: small(kernel_regularizer="l2"),
    "penalty of a bias that starts at zero": lambda: small(bias_regularizer="l1"),
    "penalty of activities": lambda: small(layers.ActivityRegularization(l2=0.01)),
    "add_loss": Penalized,
}
NOT_REGULARIZED = {
    "nothing": small,
    "dropout of nothing": lambda: small(layers.Dropout(0.0)),
    "noise of no size": lambda: small(layers.GaussianNoise(0.0)),
    "penalty of nothing": lambda: small(kernel_regularizer=keras.regularizers.L2(0.0)),
    "frozen batch normalization": lambda: small(layers.BatchNormalization(trainable=False)),
    "layer normalization": lambda: small(layers.LayerNormalization()),
}


def artifact_of(model, folder):
    write_artifact(folder / "model", model)
    return Artifact(folder / "model")


@pytest.mark.parametrize("name", REGULARIZED)
def test_what_counts_as_regularization_is_recognized(name, tmp_path):
    assert probes.is_regularized(artifact_of(REGULARIZED[name](), tmp_path))


@pytest.mark.parametrize("name", NOT_REGULARIZED)
def test_what_does_nothing_is_not_counted_as_regularization(name, tmp_path):
    assert not probes.is_regularized(artifact_of(NOT_REGULARIZED[name](), tmp_path))


def test_advice_costs_nothing(tmp_path):
    report = judge(
        keras.Sequential(
            [
                keras.Input((32, 32, 3)),
                layers.Flatten(),
                layers.Dense(1000, activation="relu"),
                layers.Dense(10, activation="softmax"),
            ]
        ),
        tmp_path,
    )
    assert advice(report) == {"no-convolution", "no-regularization", "many-parameters"}
    assert report.passed
    assert report.points == report.out_of == ALL


@pytest.mark.parametrize(
    "layer",
    [
        lambda: layers.RandomFlip(),  # in training mode unless told otherwise
        lambda: TrainingModeUnlessTold(layers.Dropout(0.5)),
    ],
)
def test_what_is_random_only_when_the_model_is_called_is_advice(layer, tmp_path):
    report = judge(sequential(layer()), tmp_path)
    assert advice(report) == {"random-when-called"}
    assert report.passed


def test_dropout_called_in_training_mode_is_found_under_predict_and_under_a_call(tmp_path):
    class AlwaysDropping(Subclassed):
        def call(self, images, training=None):
            return super().call(images, training=True)

    report = judge(AlwaysDropping(), tmp_path)
    assert mended(report) == ["random-in-inference"]
    assert "random-when-called" in advice(report)


def test_a_deep_model_is_announced_before_the_work(capsys, monkeypatch):
    monkeypatch.setattr(checks, "MANY_WEIGHTS", 3)
    checks.check_model(small(), GRADE)
    assert capsys.readouterr().out == ""
    checks.check_model(sequential(), GRADE)
    assert "Your model is deep (4 arrays of weights)" in capsys.readouterr().out


@pytest.mark.parametrize("model", [Subclassed, None, "text", layers.Dense])
def test_whatever_comes_gets_a_report(model):
    assert checks.check_model(model, GRADE).points == 0


def test_validating_raises_with_the_report_and_grading_without_a_judge_refuses(monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    with pytest.raises(checks.CheckFailed, match="not a Keras model"):
        checks.check_model("text", GRADE)
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    monkeypatch.delenv(checks.HANDOVER_VARIABLE, raising=False)
    with pytest.raises(RuntimeError, match=r"nbgrader_config\.py"):
        checks.check_model(None, GRADE)
