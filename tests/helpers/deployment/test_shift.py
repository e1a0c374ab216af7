"""Shifted images: what each kind does, how strong, and how the accuracy on them is measured."""

import itertools

import numpy as np
import pytest

from helpers.deployment import measure_shift, shift_images, show_shift, show_shifted
from helpers.deployment.shift import LEVELS, MOST_SEVERE


@pytest.fixture(scope="module")
def photographs():
    random = np.random.default_rng(0)
    return (0.3 + 0.4 * random.random((6, 32, 32, 3))).astype(np.float32)


def distance(images, kind, severity):
    return float(np.abs(shift_images(images, kind, severity) - images).mean())


@pytest.mark.parametrize("kind", LEVELS)
def test_severity_0_changes_nothing_and_each_step_changes_more(photographs, kind):
    steps = [distance(photographs, kind, severity) for severity in range(MOST_SEVERE + 1)]
    assert steps[0] == 0
    assert all(weaker < stronger for weaker, stronger in itertools.pairwise(steps))


@pytest.mark.parametrize("kind", LEVELS)
def test_shifted_images_are_images_and_the_given_ones_stay_as_they_are(photographs, kind):
    before = photographs.copy()
    shifted = shift_images(photographs, kind, 5)
    assert (shifted.shape, shifted.dtype) == (photographs.shape, np.float32)
    assert shifted.min() >= 0
    assert shifted.max() <= 1
    assert (photographs == before).all()
    assert (shift_images(photographs, kind, 5) == shifted).all()


def test_noise_has_the_strength_that_it_says():
    grey = np.full((20, 32, 32, 3), 0.5, np.float32)
    assert (shift_images(grey, "noise", 2) - grey).std() == pytest.approx(0.08, rel=0.02)
    assert not (shift_images(grey, "noise", 2, seed=1) == shift_images(grey, "noise", 2)).all()


def test_contrast_shrinks_the_distance_to_the_mean_of_each_image(photographs):
    shifted = shift_images(photographs, "contrast", 5)
    means = photographs.mean(axis=(1, 2), keepdims=True)
    assert shifted - means == pytest.approx(0.1 * (photographs - means), abs=1e-6)


def test_blur_spreads_a_point_as_a_gaussian_and_keeps_the_light():
    point = np.zeros((1, 33, 33, 3), np.float32)
    point[0, 16, 16] = 1
    spread = shift_images(point, "blur", 3)[0, :, :, 0]
    assert spread.sum() == pytest.approx(1, abs=1e-5)
    assert spread == pytest.approx(spread.T, abs=1e-7)
    places = np.arange(33) - 16
    variance = (spread.sum(axis=0) * places**2).sum()
    assert variance == pytest.approx(1.2**2, rel=0.03)


def test_blur_leaves_a_plain_image_plain_to_its_border():
    plain = np.full((1, 32, 32, 3), 0.7, np.float32)
    assert shift_images(plain, "blur", 5) == pytest.approx(plain, abs=1e-5)


@pytest.mark.parametrize(
    ("images", "kind", "severity", "told"),
    [
        (np.zeros((32, 32, 3)), "noise", 1, "Expected images of shape"),
        (np.full((1, 32, 32, 3), 255.0), "noise", 1, r"expected is \[0, 1\]"),
        (np.zeros((1, 32, 32, 3)), "rain", 1, "no kind 'rain'.*noise, blur, contrast"),
        (np.zeros((1, 32, 32, 3)), "noise", 6, "whole number from 0 to 5"),
        (np.zeros((1, 32, 32, 3)), "noise", 1.5, "whole number from 0 to 5"),
    ],
)
def test_what_cannot_be_shifted_is_told(images, kind, severity, told):
    with pytest.raises(ValueError, match=told):
        shift_images(images, kind, severity)


def test_the_accuracy_is_that_of_the_shifted_images():
    """A model that tells dark from bright fails when contrast goes, and blur cannot harm it."""
    images = np.repeat([0.2, 0.8], 50)[:, None, None, None] * np.ones((1, 32, 32, 3))
    images[:, 0] = 0.5  # so that there is a contrast to lose
    labels = np.repeat([0, 1], 50)

    def predict(batch):
        bright = (batch[:, 16:].mean(axis=(1, 2, 3)) > 0.7).astype(float)
        return np.column_stack([1 - bright, bright])

    shift = measure_shift(predict, images, labels, progress=False)
    assert set(shift.accuracy) == {"noise", "blur", "contrast"}
    assert shift.images == 100
    assert {len(values) for values in shift.accuracy.values()} == {MOST_SEVERE + 1}
    assert {values[0] for values in shift.accuracy.values()} == {1.0}
    assert shift.accuracy["blur"][-1] == 1.0
    one = measure_shift(predict, images, np.eye(2)[labels], ["blur"], progress=False)
    assert one.accuracy == {"blur": shift.accuracy["blur"]}


def test_the_figures_say_their_outcome_in_words(photographs):
    from helpers.deployment import Shift

    shift = Shift({"noise": (0.9, 0.8, 0.7, 0.6, 0.5, 0.4), "blur": (0.9,) * 6}, 100)
    figure = show_shift(shift, caption="toy data")
    assert "noise takes 90% to 40%" in figure.alt
    assert "blur 90, 90, 90, 90, 90, 90 %" in figure.alt
    assert figure.get_supxlabel() == "toy data, 100 images"
    shown = show_shifted(photographs[0], caption="toy data")
    assert len(shown.axes) == 3 * (MOST_SEVERE + 1)
    assert "noise, blur, contrast" in shown.alt
