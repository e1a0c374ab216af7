"""Batch normalization as Keras does it, and what the figure says of it."""

import numpy as np
import pytest

from helpers import widgets
from helpers.widgets import batch_normalization
from helpers.widgets.batch_normalization import (
    EPSILON,
    LAYERS,
    MOMENTUM,
    Moments,
    Network,
    batch_moments,
    moving_averages,
    normalize,
)


@pytest.fixture(scope="module")
def network():
    return Network()


@pytest.fixture
def explorer():
    return widgets.batch_normalization_explorer()


def titles(explorer):
    return [title.get_text() for title in explorer._titles]


def scatter(explorer):
    """Return how the drawn batch means scatter."""
    return np.std(explorer._means.get_ydata())


def test_it_is_what_keras_does(network):
    import keras

    batches = network.inputs[:20, :16].astype("float32")
    layer = keras.layers.BatchNormalization(
        momentum=MOMENTUM,
        epsilon=EPSILON,
        gamma_initializer=keras.initializers.Constant(1.5),
        beta_initializer=keras.initializers.Constant(-0.5),
    )
    moments = batch_moments(batches)
    ours = normalize(batches, moments, 1.5, -0.5)
    for batch, expected in zip(batches, ours, strict=True):
        np.testing.assert_allclose(layer(batch, training=True), expected, atol=1e-4)
    last = Moments(*(average[-1] for average in moving_averages(moments)))
    np.testing.assert_allclose(layer.moving_mean, last.mean[0], atol=1e-5)
    np.testing.assert_allclose(layer.moving_variance, last.variance[0], atol=1e-5)
    np.testing.assert_allclose(
        layer(batches[0], training=False), normalize(batches[0], last, 1.5, -0.5), atol=1e-4
    )


def test_without_it_the_spread_shrinks_from_layer_to_layer(network):
    spreads = [layer.std() for layer in network.plain()]
    assert len(spreads) == LAYERS
    assert spreads[-1] < 0.2 * spreads[0]


def test_with_it_every_unit_of_every_layer_is_normalized(network):
    seen, _ = network.normalized(batch_size=128, gamma=1.0, beta=0.0)
    for layer in seen:
        np.testing.assert_allclose(layer.mean(axis=1), 0.0, atol=1e-5)
        np.testing.assert_allclose(layer.std(axis=1), 1.0, atol=0.1)  # epsilon takes a little


def test_gamma_scales_and_beta_shifts(network):
    seen, _ = network.normalized(batch_size=128, gamma=2.0, beta=-1.0)
    for layer in seen:
        np.testing.assert_allclose(layer.mean(axis=1), -1.0, atol=1e-5)
        np.testing.assert_allclose(layer.std(axis=1), 2.0, atol=0.2)


def test_moving_averages_follow_the_batches_and_begin_where_keras_begins():
    steady = Moments(np.full((80, 1, 1), 5.0), np.full((80, 1, 1), 3.0))
    mean, variance = moving_averages(steady)
    assert mean[0].item() == pytest.approx(0.1 * 5.0)
    assert variance[0].item() == pytest.approx(0.9 * 1.0 + 0.1 * 3.0)
    assert mean[-1].item() == pytest.approx(5.0, rel=0.01)
    assert variance[-1].item() == pytest.approx(3.0, rel=0.01)


def test_small_batches_have_means_that_scatter_more(explorer):
    explorer.show(batch_size=128)
    large = scatter(explorer)
    explorer.show(batch_size=2)
    # Eight times the standard error: the square root of 128 / 2.
    assert scatter(explorer) / large == pytest.approx(8.0, rel=0.5)


def test_the_same_input_gives_one_output_in_inference_and_many_in_training(explorer):
    assert np.ptp(explorer._outputs.get_ydata()) > 0.5
    explorer.controls["training"].value = False
    assert np.ptp(explorer._outputs.get_ydata()) == pytest.approx(0.0)
    assert titles(explorer)[2].startswith("The same input gives\nalways ")


def test_the_bands_show_the_quantiles_of_every_layer(explorer):
    explorer.show(batch_size=128, gamma=2.0, beta=1.0)
    thin, thick = (band.get_segments() for band in explorer._bands)
    assert len(thin) == len(thick) == LAYERS
    low, high = thin[0][:, 1]
    # Of a bell curve, 90 % lie within 1.64 standard deviations around the mean.
    assert low == pytest.approx(1.0 - 2.0 * 1.64, abs=0.3)
    assert high == pytest.approx(1.0 + 2.0 * 1.64, abs=0.3)


def test_the_words_say_what_was_computed(explorer):
    spread = batch_normalization.Network().plain()[-1].std()
    assert (
        f"by {spread:.2f} without batch normalization, and by 1.00 with it" in explorer.figure.alt
    )
    assert f"scatter by {scatter(explorer):.2f}" in explorer.figure.alt
