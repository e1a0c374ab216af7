"""Short questions between two experiments: `questions.ask("dropout-in-inference")`.

Nothing is recorded and nothing counts. Whoever chooses an answer is told at once what it means.
"""

import html
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ipywidgets


@dataclass(frozen=True)
class Option:
    """One of the answers to choose from.

    Attributes:
        text: the answer.
        reply: what whoever chose it is told.
        right: whether it is the right one.
    """

    text: str
    reply: str
    right: bool = False


QUESTIONS: dict[str, tuple[str, tuple[Option, ...]]] = {
    "which-curve": (
        "After training, one curve ends at an accuracy of 0.98 and the other at 0.61. "
        "Which is the training curve?",
        (
            Option(
                "The one at 0.98",
                "The network has seen these images many times, so it can know them by heart. The "
                "validation images are new to it.",
                right=True,
            ),
            Option(
                "The one at 0.61",
                "Then the network would do better on images that it never saw. Dropout or "
                "augmentation can cause a little of that, but not a third of all images.",
            ),
            Option(
                "That cannot be told",
                "It can: a network may know by heart what it was trained on, and nothing else.",
            ),
        ),
    ),
    "dropout-in-inference": (
        "A layer has learned with dropout of rate 0.5. How many of its units work in inference?",
        (
            Option("Half of them", "That is so in training. Dropout does nothing in inference."),
            Option(
                "All of them, each scaled by 0.5",
                "That is how the paper of 2014 describes it. Keras scales the survivors up in "
                "training instead, so nothing is left to do.",
            ),
            Option(
                "All of them, unscaled",
                "The survivors were scaled up by 1 / (1 - 0.5) in training, so the next layer "
                "gets inputs of the size that it is used to.",
                right=True,
            ),
        ),
    ),
    "batch-normalization-numbers": (
        "A convolution has 8 channels. How many numbers does batch normalization behind it hold?",
        (
            Option("8", "A mean for each channel is not enough: it divides by a deviation too."),
            Option(
                "16",
                "Two learned vectors, gamma and beta, make 16. The layer also has to remember a "
                "mean and a variance for each channel, for images that come alone.",
            ),
            Option(
                "32",
                "Gamma and beta, which are learned, and a moving mean and a moving variance, "
                "which are averages: four numbers a channel.",
                right=True,
            ),
        ),
    ),
    "softmax-twice": (
        "Somebody puts softmax behind a layer that ends in softmax already. What happens?",
        (
            Option(
                "An error",
                "No: ten numbers go in and ten probabilities come out, so nothing complains. That "
                "is why this mistake is hard to find.",
            ),
            Option(
                "It trains, but badly",
                "The inputs of the second softmax lie between 0 and 1, so none of ten classes gets "
                "more than about 23 %: even a sure network sounds unsure, and the loss cannot fall "
                "far.",
                right=True,
            ),
            Option(
                "Nothing, the numbers are probabilities already",
                "Try it: softmax of (1, 0) is (0.73, 0.27). It changes probabilities as well.",
            ),
        ),
    ),
}


class Question:
    """A question with answers to choose from, as buttons in a notebook and as text elsewhere."""

    def __init__(self, text: str, options: tuple[Option, ...]):
        self.text = text
        self.options = options

    @cached_property
    def buttons(self) -> "ipywidgets.RadioButtons":
        """One button for each answer, none of them chosen."""
        import ipywidgets

        buttons = ipywidgets.RadioButtons(
            options=[option.text for option in self.options], value=None
        )
        buttons.layout.width = "auto"
        buttons.observe(lambda change: self._reply(buttons.index), "index")
        return buttons

    @cached_property
    def reply(self) -> "ipywidgets.HTML":
        """What the chosen answer means; a screen reader reads it out when it changes."""
        import ipywidgets

        return ipywidgets.HTML(_status(""))

    @cached_property
    def panel(self) -> "ipywidgets.VBox":
        """Question, buttons and reply, one below the other."""
        import ipywidgets

        question = ipywidgets.HTML(f"<b>{html.escape(self.text)}</b>")
        return ipywidgets.VBox([question, self.buttons, self.reply])

    def _reply(self, index: int | None) -> None:
        if index is None:
            return
        option = self.options[index]
        verdict = "Yes." if option.right else "Not quite."
        self.reply.value = _status(f"{verdict} {option.reply}")

    def __repr__(self) -> str:
        """Return question and answers as text."""
        return "\n".join([self.text, *(f"( ) {option.text}" for option in self.options)])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        from helpers.widgets.explorer import VIEW, has_front_end

        items = "".join(f"<li>{html.escape(option.text)}</li>" for option in self.options)
        still = {
            "text/plain": repr(self),
            "text/html": f"<p><b>{html.escape(self.text)}</b></p><ul>{items}</ul>",
        }
        if not has_front_end():
            return still
        return {**still, VIEW: self.panel._repr_mimebundle_()[VIEW]}


def ask(name: str) -> Question:
    """Ask a question; in a notebook, as the last line of a cell.

    Raises:
        ValueError: there is no question of that name.
    """
    if name not in QUESTIONS:
        raise ValueError(f"There is no question {name!r}, only: {', '.join(QUESTIONS)}.")
    return Question(*QUESTIONS[name])


def _status(text: str) -> str:
    return f'<div role="status" aria-live="polite">{html.escape(text)}</div>'
