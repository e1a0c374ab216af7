"""A check leaves the learner's model and the process as they were."""

import random

import numpy as np
import pytest

from helpers import checks, profiles
from helpers.checks.state import random_state_kept, unoptimized_graphs
from helpers.quiet import import_tensorflow

import_tensorflow()
import keras  # noqa: E402
import tensorflow as tf  # noqa: E402
from keras import layers  # noqa: E402

GRADE = profiles.PROFILES["grade"]
IMAGES = np.random.default_rng(0).random((8, 32, 32, 3), dtype=np.float32)
LABELS = np.eye(10, dtype=np.float32)[:8]


class Subclassed(keras.Model):
    """Random in every mode, so that running it would show in its seed generators."""

    def __init__(self):
        super().__init__()
        self.augmentation = layers.RandomTranslation(0.1, 0.1)
        self.normalization = layers.BatchNormalization()
        self.dropout = layers.Dropout(0.5)
        self.answer = layers.Dense(10, activation="softmax", kernel_regularizer="l2")

    def call(self, images, training=None):
        x = self.normalization(self.augmentation(images, training=training), training=training)
        x = self.dropout(keras.ops.mean(x, axis=1), training=True)
        return self.answer(keras.ops.mean(x, axis=1))


def model_with_everything():
    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.RandomFlip(),
            layers.Conv2D(4, 3, strides=4),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.GaussianNoise(0.1),
            layers.Flatten(),
            layers.Dense(10, activation="softmax", kernel_regularizer="l2"),
        ]
    )


def values(model):
    """Everything that a model and its optimizer hold, seed generators included."""
    return [v.numpy() for v in (*model.variables, *model.optimizer.variables)]


@pytest.mark.parametrize("build", [model_with_everything, Subclassed])
def test_a_trained_model_keeps_all_its_numbers_and_goes_on_training(build):
    model = build()
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    model.fit(IMAGES, LABELS, verbose=0)
    before = values(model)
    seeds = [v for v in model.variables if "seed" in v.path]
    assert len(seeds) >= 2
    step, optimizer = model.train_function, model.optimizer
    checks.check_model(model, GRADE)
    checks.check_training(model, {"loss": [1.0]}, GRADE)
    for old, new in zip(before, values(model), strict=True):
        np.testing.assert_array_equal(old, new)
    assert model.train_function is step
    assert model.optimizer is optimizer
    model.fit(IMAGES, LABELS, verbose=0)
    assert model.train_function is step
    assert model.optimizer.iterations == 2


def draws():
    """The next number of every generator that a notebook may draw from."""
    return [
        random.random(),
        np.random.random(),
        float(tf.random.uniform(())),
        float(keras.random.uniform(())),
        float(layers.Dense(1)(np.ones((1, 1)))[0, 0]),
        layers.Dense(1).name,
        float(layers.Dropout(0.5)(np.ones((1, 64)), training=True)[0].numpy().argmax()),
    ]


def check_a_model():
    return checks.check_model(model_with_everything(), GRADE)


def no_check():
    model_with_everything()


def test_the_next_random_numbers_are_the_same_with_and_without_a_check():
    drawn = []
    for run in (no_check, check_a_model):
        keras.backend.clear_session()
        keras.utils.set_random_seed(0)
        run()
        drawn.append(draws())
    assert drawn[0] == drawn[1]


def test_training_and_transfer_checks_draw_nothing_either():
    model = model_with_everything()

    def all_three():
        checks.check_training(model, None, GRADE)
        checks.check_head(model, GRADE)
        checks.check_fine_tuning(model, None, GRADE)

    drawn = []
    for run in (lambda: None, all_three):
        keras.backend.clear_session()
        keras.utils.set_random_seed(3)
        run()
        drawn.append(draws())
    assert drawn[0] == drawn[1]


def test_a_model_that_waits_for_images_learns_the_same_with_and_without_a_check():
    learned = []
    for check in (False, True):
        keras.backend.clear_session()
        keras.utils.set_random_seed(4)
        model = Subclassed()
        if check:
            checks.check_model(model, GRADE)
        model.compile("adam", "categorical_crossentropy")
        model.fit(IMAGES, LABELS, verbose=0)
        learned.append([v.numpy() for v in model.variables])
    for without, with_check in zip(*learned, strict=True):
        np.testing.assert_array_equal(without, with_check)


def test_nothing_is_registered_and_no_setting_is_left_behind():
    def settings():
        return (
            dict(keras.saving.get_custom_objects()),
            keras.config.floatx(),
            keras.config.dtype_policy().name,
            tf.config.optimizer.get_experimental_options(),
            tf.config.functions_run_eagerly(),
        )

    before = settings()
    check_a_model()
    assert settings() == before


def test_what_was_borrowed_is_put_back_after_an_error_too():
    def fail():
        with random_state_kept(), unoptimized_graphs():
            random.random()
            np.random.random()
            raise ZeroDivisionError

    before = (random.getstate(), np.random.get_state()[2])
    options = tf.config.optimizer.get_experimental_options()
    with pytest.raises(ZeroDivisionError):
        fail()
    assert (random.getstate(), np.random.get_state()[2]) == before
    assert tf.config.optimizer.get_experimental_options() == options
