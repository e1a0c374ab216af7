"""Confidence: measured, mended on other images, and a threshold that keeps its promise."""

import numpy as np
import pytest

from helpers import deployment
from helpers.deployment import (
    apply_temperature,
    apply_threshold,
    fit_temperature,
    fit_threshold,
    measure_reliability,
)


def made_up(count=20_000, sharpness=1.0, classes=10, seed=0):
    """Return probabilities whose labels were drawn from them, made `sharpness` times as sure."""
    random = np.random.default_rng(seed)
    logits = 2 * random.standard_normal((count, classes))
    true = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (true.cumsum(axis=1) > random.random((count, 1))).argmax(axis=1)
    return apply_temperature(true, 1 / sharpness), labels


def test_a_calibrated_model_has_hardly_an_error_and_one_that_is_too_sure_has():
    assert measure_reliability(*made_up()).error < 0.01
    assert measure_reliability(*made_up(sharpness=3)).error > 0.1
    assert measure_reliability(*made_up(sharpness=1 / 3)).error > 0.1


def test_the_numbers_of_the_diagram_are_those_of_its_definition():
    probabilities = np.array([[0.95, 0.05], [0.92, 0.08], [0.3, 0.7], [1.0, 0.0]])
    found = measure_reliability(probabilities, [0, 1, 1, 0])
    assert found.counts.tolist() == [0, 0, 0, 0, 0, 0, 0, 1, 0, 3]
    assert found.confidence[[7, 9]] == pytest.approx([0.7, (0.95 + 0.92 + 1.0) / 3])
    assert found.accuracy[[7, 9]] == pytest.approx([1.0, 2 / 3])
    assert np.isnan(found.accuracy[0])
    wanted = (1 * abs(1.0 - 0.7) + 3 * abs(2 / 3 - 2.87 / 3)) / 4
    assert found.error == pytest.approx(wanted)


@pytest.mark.parametrize("sharpness", [0.4, 1.0, 2.5])
def test_the_temperature_takes_back_what_made_a_model_too_sure_or_too_modest(sharpness):
    temperature = fit_temperature(*made_up(sharpness=sharpness))
    assert temperature == pytest.approx(sharpness, rel=0.05)


def test_the_temperature_has_the_smallest_loss_of_all():
    probabilities, labels = made_up(2_000, sharpness=1.7)
    rows = np.arange(len(labels))

    def loss(temperature):
        return -np.log(apply_temperature(probabilities, temperature)[rows, labels]).mean()

    best = fit_temperature(probabilities, labels)
    assert loss(best) <= min(loss(0.98 * best), loss(1.02 * best))


def test_fitted_on_one_half_it_mends_the_other():
    probabilities, labels = made_up(sharpness=2)
    temperature = fit_temperature(probabilities[::2], labels[::2])
    before = measure_reliability(probabilities[1::2], labels[1::2]).error
    after = measure_reliability(
        apply_temperature(probabilities[1::2], temperature), labels[1::2]
    ).error
    assert after < before / 5


@pytest.mark.parametrize("temperature", [0.05, 0.5, 1.0, 3.0, 20.0])
def test_no_temperature_changes_the_top_class_or_the_sum(temperature):
    probabilities, _ = made_up(500)
    changed = apply_temperature(probabilities, temperature)
    assert (changed.argmax(axis=1) == probabilities.argmax(axis=1)).all()
    assert changed.sum(axis=1) == pytest.approx(1)


def test_a_probability_of_zero_does_not_break_it():
    sure = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    assert np.isfinite(apply_temperature(sure, 2.0)).all()
    assert 1 < fit_temperature(sure, [0, 0, 1]) <= 20
    assert fit_temperature(sure, [0, 0, 0]) <= 1


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan")])
def test_a_temperature_that_is_none_is_told(temperature):
    with pytest.raises(ValueError, match="has to be above 0"):
        apply_temperature(np.ones((1, 2)) / 2, temperature)


def test_the_threshold_is_the_lowest_that_keeps_its_promise():
    probabilities, labels = made_up(3_000)
    found = fit_threshold(probabilities, labels, accuracy=0.9)
    assert found.accuracy >= 0.9
    lower = [v for v in np.unique(probabilities.max(axis=1)) if v < found.value]
    assert all(apply_threshold(probabilities, labels, v).accuracy < 0.9 for v in lower)
    again = apply_threshold(probabilities, labels, found.value)
    assert (again.coverage, again.accuracy) == (found.coverage, found.accuracy)
    assert found.images == 3_000


def test_a_promise_that_holds_for_all_answers_all():
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4]])
    found = fit_threshold(probabilities, [0, 0], accuracy=1.0)
    assert (found.value, found.coverage) == (0.6, 1.0)


def test_a_promise_that_no_threshold_keeps_is_told_with_the_best():
    with pytest.raises(ValueError, match=r"No threshold reaches .*99.0%.* the best is 50.0%"):
        fit_threshold(np.array([[0.9, 0.1], [0.9, 0.1]]), [0, 1], accuracy=0.99)


def test_equal_confidences_are_answered_together_or_not_at_all():
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.8, 0.2]])
    assert fit_threshold(probabilities, [0, 0, 1], accuracy=0.9).value == 0.9


def test_a_threshold_that_nothing_passes_has_no_accuracy():
    found = apply_threshold(np.array([[0.6, 0.4]]), [0], 0.9)
    assert found.coverage == 0
    assert np.isnan(found.accuracy)


@pytest.mark.parametrize("labels", [[0], [0, 1, 0], np.zeros((2, 2, 2))])
@pytest.mark.parametrize("function", [measure_reliability, fit_temperature])
def test_labels_that_do_not_fit_are_told(function, labels):
    with pytest.raises(ValueError, match="do not belong together"):
        function(np.ones((2, 2)) / 2, labels)


def test_one_hot_labels_are_as_good_as_numbers():
    probabilities, labels = made_up(200)
    assert fit_temperature(probabilities, np.eye(10)[labels]) == fit_temperature(
        probabilities, labels
    )


def test_the_diagrams_say_their_outcome_in_words():
    probabilities, labels = made_up(2_000, sharpness=3)
    before = measure_reliability(probabilities, labels)
    figure = deployment.show_reliability({"as trained": before}, caption="toy data")
    assert f"as trained, expected calibration error {before.error:.1%}" in figure.alt
    assert "% right" in figure.alt
    assert figure.get_supxlabel() == "toy data"
    assert len(deployment.show_reliability({"a": before, "b": before}).axes) == 2
    threshold = fit_threshold(probabilities, labels, 0.9)
    shown = deployment.show_threshold(probabilities, labels, threshold, caption="toy data")
    assert f"From {threshold.value:.0%} confidence on" in shown.alt
    assert f"{threshold.coverage:.0%} of the images answered" in shown.alt
