"""Batch normalization in a deep network: what each layer sees, in training and in inference."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from helpers.figures import COLOURS, new_figure
from helpers.widgets.explorer import Explorer, mode_buttons

if TYPE_CHECKING:
    import ipywidgets

LAYERS = 8
UNITS = 32  # in every layer, and numbers in an input
BATCHES = 80
BATCH_SIZES = (2, 4, 8, 16, 32, 64, 128)
MOMENTUM = 0.9  # Keras takes 0.99, which would need some hundred batches more to settle
EPSILON = 1e-3  # as in Keras
SEED = 0
UNIT = 3  # the unit of the first layer that is looked at
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
LIMITS = (-4.5, 4.5)  # of the axes: what gamma and beta can do
ENOUGH = 8  # inputs of each batch from which the quantiles are taken; more look the same


class Moments(NamedTuple):
    """Mean and variance of every unit, over batches of inputs or as a moving average."""

    mean: np.ndarray
    variance: np.ndarray


def batch_moments(values: np.ndarray) -> Moments:
    """Return the moments of each batch: `values` is (batches, batch size, units)."""
    return Moments(values.mean(axis=1, keepdims=True), values.var(axis=1, keepdims=True))


def moving_averages(batches: Moments) -> Moments:
    """Return the moving averages after every batch, of the same shape; they start at 0 and 1."""
    averages = []
    for moments, start in zip(batches, (0.0, 1.0), strict=True):
        average = np.full_like(moments[0], start)
        history = []
        for value in moments:
            average = MOMENTUM * average + (1.0 - MOMENTUM) * value
            history.append(average)
        averages.append(np.stack(history))
    return Moments(*averages)


def normalize(values: np.ndarray, moments: Moments, gamma: float, beta: float) -> np.ndarray:
    """Centre and normalize with these moments, then scale by `gamma` and shift by `beta`.

    Source: Ioffe and Szegedy, Batch Normalization, ICML 2015, algorithm 1.
    """
    return gamma * (values - moments.mean) / np.sqrt(moments.variance + EPSILON) + beta


class Network:
    """A deep network as Keras would start it, and inputs for it.

    Attributes:
        weights: `(layers, units, units)`, drawn as Glorot's uniform initializer does.
        inputs: `(batches, batch size, units)`, in [0, 1] like pixels; every batch begins with the
            same input.
    """

    def __init__(self):
        random = np.random.default_rng(SEED)
        limit = np.sqrt(6 / (UNITS + UNITS))
        weights = random.uniform(-limit, limit, (LAYERS, UNITS, UNITS))
        inputs = random.random((BATCHES, max(BATCH_SIZES), UNITS))
        self.weights, self.inputs = weights.astype(np.float32), inputs.astype(np.float32)
        self.inputs[:, 0] = self.inputs[0, 0]

    def plain(self) -> list[np.ndarray]:
        """Return the pre-activations of every layer without batch normalization."""
        values, seen = self.inputs, []
        for weights in self.weights:
            seen.append(values @ weights)
            values = np.maximum(seen[-1], 0.0)
        return seen

    def normalized(
        self,
        batch_size: int,
        gamma: float,
        beta: float,
        averages: list[Moments] | None = None,
    ) -> tuple[list[np.ndarray], list[Moments]]:
        """Return what the activations get in every layer with batch normalization before them.

        Args:
            batch_size: inputs in a batch.
            gamma: scale, the same for every unit.
            beta: shift, the same for every unit.
            averages: by layer, the moving averages to normalize with, as in inference; if not
                given, the moments of each batch, as in training.

        Returns:
            For every layer the normalized pre-activations, and the moments of its batches.
        """
        values, seen, moments = self.inputs[:, :batch_size], [], []
        for layer, weights in enumerate(self.weights):
            before = values @ weights
            moments.append(batch_moments(before))
            used = moments[-1] if averages is None else averages[layer]
            seen.append(normalize(before, used, gamma, beta))
            values = np.maximum(seen[-1], 0.0)
        return seen, moments


class BatchNormalizationExplorer(Explorer):
    """Pre-activations through the layers, means of batches, and what happens to one input."""

    def __init__(self):
        self._network = Network()
        figure, axes = new_figure(
            7.8,
            3.5,
            columns=3,
            caption=f"{LAYERS} dense layers of {UNITS} units, ReLU, Keras's initial weights, "
            f"random inputs in [0, 1], seed {SEED}, momentum {MOMENTUM}",
        )
        axes[0].get_gridspec().set_width_ratios((1.3, 1, 1))
        self._titles = [each.set_title("", fontsize="medium") for each in axes]
        self._draw_layers(axes[0])
        self._draw_means(axes[1])
        self._draw_one_input(axes[2])
        moving = [*self._titles, *self._bands, self._means, self._average, self._outputs]
        super().__init__(figure, moving, gamma=1.0, beta=0.0, batch_size=32, training=True)

    def _draw_layers(self, axes) -> None:
        plain = self._network.plain()
        self._plain_spread = plain[-1].std()
        _draw_bands(axes, plain, -0.2, COLOURS[1], "without")
        self._bands = _draw_bands(axes, plain, 0.2, COLOURS[0], "with")
        axes.set(xlabel="Layer", ylabel="Pre-activation", ylim=LIMITS, xlim=(0.3, LAYERS + 0.7))
        axes.set_xticks(range(1, LAYERS + 1))
        axes.legend(loc="upper left", fontsize=8, ncols=2)

    def _draw_means(self, axes) -> None:
        numbers = range(1, BATCHES + 1)
        zeros = np.zeros(BATCHES)
        (self._means,) = axes.plot(numbers, zeros, "o", color=COLOURS[4], ms=3, label="batch mean")
        (self._average,) = axes.plot(numbers, zeros, color="black", label="moving average")
        axes.set(xlabel="Batch", ylabel="Mean of one unit")
        centre = self._network.plain()[0][..., UNIT].mean()
        axes.set_ylim(-0.1, 2 * centre + 0.2)
        axes.legend(loc="upper left", fontsize=8)

    def _draw_one_input(self, axes) -> None:
        (self._outputs,) = axes.plot(
            range(1, BATCHES + 1), np.zeros(BATCHES), "o", color=COLOURS[0], ms=3
        )
        axes.set(xlabel="Batch", ylabel="Output of that unit", ylim=LIMITS)

    def update(self, gamma: float, beta: float, batch_size: int, training: bool) -> str:
        """Draw the network with these numbers, in this mode.

        Args:
            gamma: scale, the same in all layers.
            beta: shift, the same in all layers.
            batch_size: one of `BATCH_SIZES`.
            training: whether the moments of each batch are used; otherwise the moving averages.
        """
        seen, moments = self._network.normalized(batch_size, gamma, beta)
        averages = [moving_averages(each) for each in moments]
        means, average = (each[0].mean[:, 0, UNIT] for each in (moments, averages))
        if not training:
            last = [Moments(each.mean[-1], each.variance[-1]) for each in averages]
            seen, _ = self._network.normalized(batch_size, gamma, beta, last)
        _move_bands(self._bands, seen, 0.2)
        self._means.set(ydata=means, alpha=1.0 if training else 0.3)
        self._average.set(ydata=average, alpha=0.3 if training else 1.0)
        outputs = seen[0][:, 0, UNIT]
        self._outputs.set_ydata(outputs)
        return self._tell(seen[-1].std(), means, average, outputs, batch_size, training)

    def _tell(self, spread, means, average, outputs, batch_size, training) -> str:
        """Write the findings above the axes, and return them as a sentence."""
        without = f"{self._plain_spread:.2f} without"
        scatter = f"{means.std():.2f}"
        if training:
            used = f"each batch's mean: ± {scatter}"
            one_input = f"{_signed(outputs.min())} to {_signed(outputs.max())}"
        else:
            used = f"the moving average: {_signed(average[-1])}"
            one_input = f"always {_signed(outputs[0])}"
        self._titles[0].set_text(f"Spread in layer {LAYERS}:\n{without}, {spread:.2f} with")
        self._titles[1].set_text(f"Centred with\n{used}")
        self._titles[2].set_text(f"The same input gives\n{one_input}")
        mode = "Training" if training else "Inference"
        return (
            f"{mode}, batches of {batch_size}: in layer {LAYERS} the pre-activations spread "
            f"(standard deviation) by {without} batch normalization, and by {spread:.2f} with it. "
            f"The batch means of one unit scatter by {scatter} around their moving average, which "
            f"ends at {_signed(average[-1])}. In {BATCHES} batches the same input gives "
            f"{one_input}."
        )

    def make_controls(self) -> "dict[str, ipywidgets.Widget]":
        """Return sliders for gamma, beta and the batch size, and buttons for the mode."""
        import ipywidgets

        options = {"step": 0.1, "readout_format": ".1f"}
        return {
            "batch_size": ipywidgets.SelectionSlider(
                options=BATCH_SIZES, value=self.values["batch_size"], description="Batch size"
            ),
            "training": mode_buttons(self.values["training"]),
            "gamma": ipywidgets.FloatSlider(
                self.values["gamma"], min=0.1, max=2.0, description="Gamma (scale)", **options
            ),
            "beta": ipywidgets.FloatSlider(
                self.values["beta"], min=-1.0, max=1.0, description="Beta (shift)", **options
            ),
        }


def _signed(number: float) -> str:
    """Return a number with one digit, and the minus that the axes have."""
    return f"{number:.1f}".replace("-", "\N{MINUS SIGN}")


def _draw_bands(axes, layers: list[np.ndarray], offset: float, colour: str, label: str) -> list:
    """Draw for every layer a thin line for 90 % of the values, a thick one for the middle half."""
    thin = axes.vlines([], [], [], color=colour, linewidth=1.5)
    thick = axes.vlines([], [], [], color=colour, linewidth=6, label=label)
    _move_bands([thin, thick], layers, offset)
    return [thin, thick]


def _move_bands(bands: list, layers: list[np.ndarray], offset: float) -> None:
    quantiles = [np.quantile(values[:, :ENOUGH], QUANTILES) for values in layers]
    for band, (low, high) in zip(bands, ((0, 4), (1, 3)), strict=True):
        band.set_segments(
            [
                [(place + offset, each[low]), (place + offset, each[high])]
                for place, each in enumerate(quantiles, start=1)
            ]
        )
