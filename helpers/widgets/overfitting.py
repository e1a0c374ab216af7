"""Underfitting, a good fit and overfitting, in training histories that were recorded."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from helpers.figures import COLOURS, GREY, new_figure
from helpers.history import TrainingHistory
from helpers.widgets.explorer import Explorer

if TYPE_CHECKING:
    import ipywidgets

RECORD = Path(__file__).parent / "recorded" / "overfitting.json"
HIGHEST_LOSS = 4.5  # of the axis; a loss above that stands in the title only
CHANCE = 0.1  # accuracy of a guess among ten classes


class Setting(NamedTuple):
    """What a recorded run was trained on, and which network it trained."""

    images: int
    network: str
    random_labels: bool


def load_record() -> dict[str, Any]:
    """Return what `tests/benchmarks/record_overfitting.py` wrote: the runs and their origin."""
    return json.loads(RECORD.read_text(encoding="utf-8"))


def recorded_histories(record: dict[str, Any]) -> dict[Setting, TrainingHistory]:
    """Return the histories by setting: accuracy and loss, on training and validation images.

    They were measured after each epoch in inference mode, so the gap between both is not blurred
    by weights that still moved while the training images went by.
    """
    return {
        Setting(run["images"], run["network"], run["labels"] == "random"): TrainingHistory(
            {name: tuple(curve) for name, curve in run["curves"].items()}
        )
        for run in record["runs"]
    }


class OverfittingExplorer(Explorer):
    """Accuracy and loss of one recorded run, epoch by epoch, on training and validation images."""

    def __init__(
        self, images: int, network: str, epochs: int | None = None, random_labels: bool = False
    ):
        record = load_record()
        self._parameters = record["parameters"]
        self._histories = recorded_histories(record)
        setting = Setting(images, network, random_labels)
        if setting not in self._histories:
            recorded = "\n".join(map(str, self._histories))
            raise ValueError(f"No history was recorded for {setting}. There are:\n{recorded}")
        if epochs is None:
            epochs = self._histories[setting].epochs
        (self._random_images,) = {one.images for one in self._histories if one.random_labels}
        figure, self._axes = new_figure(
            7.4, 3.5, columns=2, caption=f"{record['data_set']}, recorded, seed {record['seed']}"
        )
        moving = self._draw_axes(figure, *self._axes)
        self._set_epochs(self._histories[setting].epochs)
        super().__init__(
            figure,
            moving,
            images=images,
            network=network,
            epochs=epochs,
            random_labels=random_labels,
        )

    def _draw_axes(self, figure, accuracy, loss) -> list:
        """Draw everything without its numbers; return what moves, from the back to the front."""
        accuracy.set(ylabel="Accuracy (share of images)", ylim=(0.0, 1.05))
        loss.set(ylabel="Loss (cross-entropy, nats)", ylim=(0.0, HIGHEST_LOSS))
        for axes in self._axes:
            axes.set_xlabel("Epoch")
        guessing = accuracy.axhline(CHANCE, color=GREY, linestyle=":", label="guessing")
        (self._gap,) = accuracy.plot([], [], color=GREY, linewidth=5, alpha=0.3)
        self._curves = _draw_curves(accuracy, "accuracy") | _draw_curves(loss, "loss")
        (self._lowest,) = loss.plot(
            [],
            [],
            "o",
            color=GREY,
            markersize=10,
            fillstyle="none",
            label="lowest validation loss so far",
        )
        self._titles = [axes.set_title("", fontsize="medium") for axes in self._axes]
        in_legend = [guessing, self._curves["loss"], self._curves["val_loss"], self._lowest]
        figure.legend(handles=in_legend, loc="outside upper center", ncols=4, fontsize=8)
        return [self._gap, *self._curves.values(), self._lowest, *self._titles]

    def _set_epochs(self, epochs: int) -> None:
        """Make room for the epochs of a run."""
        self._room = epochs
        for axes in self._axes:
            axes.set_xlim(0, epochs + 1)

    def update(self, images: int, network: str, epochs: int, random_labels: bool) -> str:
        """Draw the first epochs of the recorded run.

        Args:
            images: size of the training set.
            network: name of the network.
            epochs: how many to draw; the run may be shorter.
            random_labels: whether to take the run with random labels, which there is for one size
                of the training set only, whatever `images` says.
        """
        if random_labels:
            images = self._random_images
        history = self._histories[Setting(images, network, random_labels)]
        shown = min(epochs, history.epochs)
        if history.epochs != self._room:
            self._set_epochs(history.epochs)
            self.draw_background()
        for name, curve in self._curves.items():
            curve.set_data(range(1, shown + 1), history.curves[name][:shown])
        last = {name: curve[shown - 1] for name, curve in history.curves.items()}
        self._gap.set_data([shown, shown], [last["accuracy"], last["val_accuracy"]])
        seen, new = 100 * last["accuracy"], 100 * last["val_accuracy"]
        self._titles[0].set_text(f"Training {seen:.1f} %, validation {new:.1f} %")
        self._titles[1].set_text(f"Training {last['loss']:.2f}, validation {last['val_loss']:.2f}")
        lowest, epoch = min(
            (loss, epoch) for epoch, loss in enumerate(history.curves["val_loss"][:shown], start=1)
        )
        self._lowest.set_data([epoch], [lowest])
        labels = "random" if random_labels else "true"
        return (
            f"The {network} network ({self._parameters[network]:,} parameters) after epoch {shown} "
            f"of {history.epochs} on {images:,} images with {labels} labels: accuracy {seen:.1f} % "
            f"in training and {new:.1f} % in validation, {seen - new:.0f} points apart. The loss "
            f"is {last['loss']:.2f} in training and {last['val_loss']:.2f} in validation. So far "
            f"the validation loss was lowest after epoch {epoch}: {lowest:.2f}."
        )

    def make_controls(self) -> "dict[str, ipywidgets.Widget]":
        """Return sliders for images, network and epochs, and a box to tick for random labels."""
        import ipywidgets

        images = ipywidgets.SelectionSlider(
            options={f"{one:,}": one for one in self._choices("images")},
            value=self.values["images"],
            description="Images",
        )
        network = ipywidgets.SelectionSlider(
            options=self._choices("network"), value=self.values["network"], description="Network"
        )
        epochs = ipywidgets.IntSlider(min=1, description="Epochs")
        random_labels = ipywidgets.Checkbox(
            self.values["random_labels"], description="Random labels", indent=False
        )

        def offer_what_was_recorded(_=None) -> None:
            images.disabled = random_labels.value
            if random_labels.value:
                images.value = self._random_images
            setting = Setting(images.value, network.value, random_labels.value)
            epochs.max = self._histories[setting].epochs

        offer_what_was_recorded()
        epochs.value = self.values["epochs"]
        random_labels.observe(offer_what_was_recorded, "value")
        return {
            "images": images,
            "network": network,
            "epochs": epochs,
            "random_labels": random_labels,
        }

    def _choices(self, field: str) -> list:
        """Return what was recorded for a field of the setting, in the order of the record."""
        return list(dict.fromkeys(getattr(setting, field) for setting in self._histories))


def _draw_curves(axes, measure: str) -> dict:
    """Draw a curve without points for training and one for validation; return them by name."""
    (training,) = axes.plot([], [], "o-", color=COLOURS[0], markersize=3, label="training")
    (validation,) = axes.plot([], [], "s--", color=COLOURS[1], markersize=3, label="validation")
    return {measure: training, f"val_{measure}": validation}
