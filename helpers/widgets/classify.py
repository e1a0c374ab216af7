"""Give the network a picture of your own: what it really sees of it, and how sure it is."""

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from helpers.deployment.decoder import PIXELS, ImageError, decode_image
from helpers.figures import COLOURS, GREY, new_figure
from helpers.pictures import to_arrays
from helpers.widgets.explorer import Explorer

if TYPE_CHECKING:
    import ipywidgets

    from helpers.data import Splits

Predict = Callable[[np.ndarray], np.ndarray]

TEST_PICTURES = 50  # of which the button draws one after another
SHARP = 192  # pixels; the picture as a person sees it
TOP = 5  # classes that are listed
TIMES = "\N{MULTIPLICATION SIGN}"


class PictureClassifier(Explorer):
    """A picture, what is left of it at 32x32 pixels, and the classes that the network names."""

    def __init__(self, predict: Predict, splits: "Splits", threshold: float | None = None):
        self._predict = predict
        self._names = splits.class_names
        self._threshold = threshold
        self._caption = splits.caption
        self._images, self._labels = to_arrays(splits.test, TEST_PICTURES)
        figure, (sharp, small, bars) = new_figure(8.6, 3.2, columns=3, caption=splits.caption)
        for axes in (sharp, small):
            axes.set_axis_off()
        self._sharp, self._small = (_empty_picture(axes) for axes in (sharp, small))
        self._titles = [sharp.set_title("", fontsize="medium")]
        small.set_title(f"What the network sees: {PIXELS}{TIMES}{PIXELS}", fontsize="medium")
        self._bars, self._texts = _empty_bars(bars, threshold)
        moving = [self._sharp, self._small, *self._titles, *self._bars, *self._texts]
        super().__init__(figure, moving, upload=(), number=0)

    def update(self, upload: tuple, number: int) -> str:
        """Classify the uploaded file, or a test picture if there is none, and say what came out.

        Args:
            upload: what `ipywidgets.FileUpload` holds: a dict with `name` and `content` for each
                file; empty for none.
            number: number of the test picture; after the last one they begin again.
        """
        if upload:
            name, content = upload[-1]["name"], bytes(upload[-1]["content"])
            title, told = f"Your picture: {_short(name)}", f"{name}: "
        else:
            chosen = number % len(self._images)
            truth = self._names[self._labels[chosen]]
            content = _as_png(self._images[chosen])
            title = f"A test image: {truth}"
            told = f"A test image of {self._caption}, that shows: {truth}. "
        try:
            sharp, small = (decode_image(io.BytesIO(content), size) for size in (SHARP, PIXELS))
        except ImageError as error:
            self._clear(f"No picture: {_short(name)}")
            return f"{told}this cannot be classified. {error}"
        self._titles[0].set_text(title)
        self._sharp.set_data(sharp)
        self._small.set_data(small)
        return told + self._classify(small)

    def make_controls(self) -> "dict[str, ipywidgets.Widget]":
        """Return a button to choose a file with, and one that draws a test image."""
        import ipywidgets

        upload = ipywidgets.FileUpload(description="Your picture", accept="image/*")
        upload.layout.width = "auto"
        another = ipywidgets.Button(description="Another test image")
        another.layout.width = "auto"

        def draw(_: Any) -> None:
            upload.value = ()  # or the same file could not be chosen a second time
            self.show(upload=(), number=self.values["number"] + 1)

        another.on_click(draw)
        return {"upload": upload, "number": another}

    def _classify(self, image: np.ndarray) -> str:
        """Draw the bars for one image; say the top classes, and whether the threshold is passed."""
        probabilities = np.asarray(self._predict(image[np.newaxis]))[0]
        order = np.argsort(-probabilities, kind="stable")[:TOP]
        for place, label in enumerate(order):
            self._bars[place].set_width(probabilities[label])
            self._texts[place].set_text(f"{self._names[label]} {probabilities[label]:.0%}")
        first, *others = (f"{self._names[label]} ({probabilities[label]:.0%})" for label in order)
        told = f"The network says {first}, then {', '.join(others[:2])}."
        if self._threshold is None:
            return told
        sure = probabilities[order[0]] >= self._threshold
        verdict = "so it answers" if sure else "so it had better say: I do not know"
        return f"{told} The threshold is {self._threshold:.0%}, {verdict}."

    def _clear(self, title: str) -> None:
        """Leave pictures and bars empty."""
        self._titles[0].set_text(title)
        for picture, size in ((self._sharp, SHARP), (self._small, PIXELS)):
            picture.set_data(np.ones((size, size, 3)))
        for bar, text in zip(self._bars, self._texts, strict=True):
            bar.set_width(0.0)
            text.set_text("")


def _as_png(image: np.ndarray) -> bytes:
    """Return an image with numbers in [0, 1] as a PNG file, to be decoded like any other."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.round(255 * image).astype(np.uint8)).save(buffer, format="PNG")
    return buffer.getvalue()


def _empty_picture(axes):
    """Return the image of an axes, to be filled; its place stays the same at every size."""
    return axes.imshow(np.ones((PIXELS, PIXELS, 3)), extent=(0, 1, 0, 1), interpolation="nearest")


def _empty_bars(axes, threshold: float | None):
    """Draw the axes of the classes; return the bars and their texts, the first on top."""
    colours = [COLOURS[0]] + [COLOURS[5]] * (TOP - 1)
    bars = axes.barh(range(TOP), [0.0] * TOP, height=0.4, color=colours)
    axes.set(xlim=(0, 1), ylim=(TOP - 0.6, -0.8), yticks=[])
    axes.set_xticks([0, 0.5, 1], ["0 %", "50 %", "100 %"])
    axes.set_xlabel("confidence", fontsize="small")
    axes.set_title("What it says", fontsize="medium")
    if threshold is not None:
        axes.axvline(threshold, color=GREY, linestyle="--", linewidth=1)
    texts = [
        axes.text(0.02, place - 0.22, "", va="bottom", fontsize="small") for place in range(TOP)
    ]
    return list(bars), texts


def _short(name: str, most: int = 24) -> str:
    return name if len(name) <= most else f"{name[: most - 8]}...{name[-5:]}"
