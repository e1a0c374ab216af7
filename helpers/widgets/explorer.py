"""What the interactive figures share: controls, a picture that follows them, and words for it."""

import html
import io
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.image import imsave

from helpers.figures import image_tag

if TYPE_CHECKING:
    import ipywidgets
    from matplotlib.artist import Artist

    from helpers.figures import DescribedFigure

VIEW = "application/vnd.jupyter.widget-view+json"


class Explorer:
    """A figure, the controls that change it, and a sentence that says what is seen.

    A front end shows all three. Where there is none, a notebook shows the picture alone, as the
    values at the start make it, and the sentence is its alternative text.

    An explorer draws its figure, then calls `__init__` of this class. It says in `update` what the
    values of the controls change, and makes the controls in `make_controls`.

    Attributes:
        figure: what is shown; `figure.alt` is the sentence.
        values: what the controls are set to, by name.
    """

    def __init__(self, figure: "DescribedFigure", moving: Sequence["Artist"], **values: Any):
        """Draw what stays, once.

        Args:
            figure: with all its artists.
            moving: those that `update` changes, from the back to the front.
            values: what the controls are set to at the start, by name.
        """
        self.figure = figure
        self.values = values
        self._moving = moving
        self._canvas = FigureCanvasAgg(figure)
        figure.alt = self.update(**values)
        self._canvas.draw()  # finds the layout, which then stays: finding it takes long
        figure.set_layout_engine("none")
        for artist in moving:
            artist.set_animated(True)
        self.draw_background()

    def update(self, **values: Any) -> str:
        """Change the moving artists to what the values ask for, and say what is seen then."""
        raise NotImplementedError

    def make_controls(self) -> "dict[str, ipywidgets.Widget]":
        """Return new controls, each under the name of the value that it sets.

        A control without a value, such as a button, has to call `show` by itself.
        """
        raise NotImplementedError

    def draw_background(self) -> None:
        """Draw all that does not move. After a change of an axis it has to be drawn anew."""
        self._canvas.draw()
        self._background = self._canvas.copy_from_bbox(self.figure.bbox)

    def to_png(self) -> bytes:
        """Return the picture as it is now."""
        self._canvas.restore_region(self._background)
        for artist in self._moving:
            self.figure.draw_artist(artist)
        buffer = io.BytesIO()
        # Packing it harder takes longer than drawing it.
        imsave(buffer, np.asarray(self._canvas.buffer_rgba()), pil_kwargs={"compress_level": 1})
        return buffer.getvalue()

    def show(self, **changes: Any) -> None:
        """Set some of the values, as the controls do, and bring picture and sentence up to date."""
        self.values |= changes
        self.figure.alt = self.update(**self.values)
        self.picture.value = self._image_tag()
        self.words.value = _status(self.figure.alt)

    @cached_property
    def controls(self) -> "dict[str, ipywidgets.Widget]":
        """The controls by name, joined to the figure."""
        controls = self.make_controls()
        for name, control in controls.items():
            if control.style.has_trait("description_width"):
                control.style.description_width = "initial"  # as wide as the label is
            if control.has_trait("value"):
                control.observe(lambda change, name=name: self.show(**{name: change.new}), "value")
        return controls

    @cached_property
    def picture(self) -> "ipywidgets.HTML":
        """The picture as a widget, with the sentence as its alternative text.

        It is no `ipywidgets.Image`, because that one knows no alternative text.
        """
        import ipywidgets

        return ipywidgets.HTML(self._image_tag())

    @cached_property
    def words(self) -> "ipywidgets.HTML":
        """The sentence as a widget, marked for a screen reader to read out when it changes."""
        import ipywidgets

        return ipywidgets.HTML(_status(self.figure.alt))

    @cached_property
    def panel(self) -> "ipywidgets.VBox":
        """Controls, picture and sentence, one below the other."""
        import ipywidgets

        row = ipywidgets.HBox(list(self.controls.values()))
        row.layout.flex_flow = "row wrap"
        return ipywidgets.VBox([row, self.picture, self.words])

    def __repr__(self) -> str:
        """Return the sentence: what a terminal shows."""
        return repr(self.figure)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        still = {"text/plain": repr(self), "text/html": self._image_tag()}
        if not has_front_end():
            return still
        return {**still, VIEW: self.panel._repr_mimebundle_()[VIEW]}

    def _image_tag(self) -> str:
        return image_tag(self.to_png(), self.figure.alt)


def mode_buttons(training: bool) -> "ipywidgets.ToggleButtons":
    """Return a control whose value is whether the network trains; otherwise it infers."""
    import ipywidgets

    buttons = ipywidgets.ToggleButtons(
        options={"Training": True, "Inference": False}, value=training, description="Mode"
    )
    buttons.style.button_width = "7em"
    buttons.layout = ipywidgets.Layout(width="auto", display="flex", grid_gap="8px")
    return buttons


def has_front_end() -> bool:
    """Tell whether the running cell came from a front end, where someone can move a control.

    Programs that run a notebook from its first cell to its last (nbclient, and with it nbconvert,
    nbgrader and papermill) say in every request that nobody is there to answer `input`.
    """
    from IPython import get_ipython

    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is None:
        return False
    return kernel.get_parent("shell").get("content", {}).get("allow_stdin", False)


def _status(sentence: str) -> str:
    return f'<div role="status" style="line-height: 1.5">{html.escape(sentence)}</div>'
