"""What a notebook shows while a network trains: picture, progress bar, Stop button."""

import html
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from helpers.figures import DescribedFigure

HINT = (
    "To stop and keep model and history, interrupt the kernel once (menu Kernel, Interrupt Kernel)."
)
BUTTON_HINT = "Stop keeps model and history."
# What is left of the panel where there is no kernel behind it any more, or no widgets.
FALLBACK = "Training. Its curves appear here when it has ended; if it was broken off, run the cell."


class Panel:
    """One output of a notebook's cell, which is changed in place and ends as a plain figure.

    Args:
        on_stop: called when the learner presses Stop, in the thread of a kernel's subshell.
        can_answer: tells whether a button can be answered while a cell runs; without, it is hidden.
    """

    def __init__(self, on_stop: Callable[[], None], can_answer: Callable[[], bool]):
        import ipywidgets
        from IPython.display import display

        self._can_answer = can_answer
        self._picture = ipywidgets.Image(format="png", layout={"display": "none"})
        self._bar = ipywidgets.FloatProgress(min=0.0, max=1.0, layout={"width": "14em"})
        self._text = ipywidgets.HTML()
        self._button = ipywidgets.Button(
            description="Stop", icon="stop", tooltip=BUTTON_HINT, layout={"display": "none"}
        )
        self._button.on_click(lambda _: on_stop())
        controls = ipywidgets.HBox([self._bar, self._button], layout={"align_items": "center"})
        box = ipywidgets.VBox([self._picture, controls, self._text])
        self._boxes = (controls, box)
        shown = {**box._repr_mimebundle_(), "text/plain": FALLBACK}
        self._output = display(shown, raw=True, display_id=True)
        _answer_where_the_click_is_sent(self._button)

    def tell(self, fraction: float, sentence: str, stopping: bool) -> None:
        """Show how much is done, a share in [0, 1], and a sentence."""
        answers = self._can_answer()
        self._button.layout.display = "" if answers else "none"
        self._button.disabled = stopping
        self._bar.value = fraction
        hint = "" if stopping else f"<br>{BUTTON_HINT if answers else HINT}"
        self._text.value = html.escape(sentence) + hint

    def show(self, png: bytes) -> None:
        """Show a picture in place of the one before."""
        self._picture.value = png
        self._picture.layout.display = ""

    def end(self, result: "DescribedFigure | str") -> None:
        """Put a figure or a sentence in the panel's place; neither needs a kernel to be seen."""
        if isinstance(result, str):
            self._output.update({"text/plain": result}, raw=True)
        else:
            self._output.update(result)
        for widget in (self._picture, self._bar, self._text, self._button, *self._boxes):
            # Each has parts that are widgets themselves, and would be left in the notebook.
            for part in (widget.layout, getattr(widget, "style", None), widget):
                if part is not None:
                    part.close()


def _answer_where_the_click_is_sent(widget: Any) -> None:
    """Let a widget be answered in the subshell that the front end chose, while a cell runs.

    ipykernel 7.4 answers in the shell that wrote to the widget last: that is the one which trains,
    so a click would wait until the training has ended. Older ones do not note who wrote.
    """
    vars(widget.comm).pop("_reply_subshell_id", None)
