"""The page that a student gets back: findings, points, and the student's own code and figures.

`nbgrader generate_feedback` writes it through `FeedbackExporter`. Nothing in it is active: what
came from a student is escaped, or goes through bleach; scripts and frames have no place, and the
page's own policy forbids them to the browser as well.
"""

import contextlib
import html
import re
from pathlib import Path
from typing import Any

import bleach
from bleach.css_sanitizer import CSSSanitizer
from nbconvert.exporters import HTMLExporter
from nbconvert.filters import strip_ansi
from nbconvert.filters.markdown_mistune import InvalidNotebook
from nbformat import NotebookNode
from nbgrader import utils
from traitlets.config import Config

from helpers.instructor import submission

TEMPLATES = Path(__file__).with_name("templates")
LARGEST_PICTURES = 1_500_000  # characters of all of a page's pictures
LARGEST_TEXTS = 400_000  # characters of all its code, and of what that printed
LARGEST_TEXT = 5_000  # characters of what one output printed
LARGEST_ANSWER = 20_000  # characters of an answer in Markdown; longer ones are shown as they are
MORE = "\n... and more"
TAGS = bleach.ALLOWED_TAGS | {
    *("p", "div", "span", "pre", "br", "hr", "img", "details", "summary"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
PICTURE = re.compile(r"data:image/(png|jpeg);base64,[A-Za-z0-9+/=]+")


def _allowed(tag: str, name: str, value: str) -> bool:
    """Tell whether an attribute may stay; called by bleach."""
    if tag == "img":
        return name == "alt" or (name == "src" and bool(PICTURE.fullmatch(value)))
    if name == "style":
        return "url(" not in value.lower()
    return tag == "a" and name == "href" and not value.strip().lower().startswith("data:")


def harmless(markup: str) -> str:
    """Return HTML in which nothing can act, and which loads nothing."""
    return bleach.clean(
        markup,
        tags=TAGS,
        attributes=_allowed,
        protocols={"http", "https", "mailto", "data"},
        strip=True,
        css_sanitizer=CSSSanitizer(
            allowed_css_properties=["border-left", "padding", "padding-left", "list-style"]
        ),
    )


class FeedbackExporter(HTMLExporter):
    """Write a graded notebook as the course's feedback page."""

    def __init__(self, config: Config | None = None, **options: Any):
        # nbgrader configures every HTMLExporter with its own template.
        own = Config() if config is None else config.copy()
        own.HTMLExporter.template_name = "course-feedback"
        own.HTMLExporter.extra_template_basedirs = [str(TEMPLATES)]
        super().__init__(config=own, **options)

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **options: Any
    ) -> tuple[str, dict[str, Any]]:
        """Return the page, and nbconvert's resources."""
        self._room, self._room_for_text = LARGEST_PICTURES, LARGEST_TEXTS
        self.register_filter("harmless", harmless)
        self.register_filter("fitted", self._fitted)
        self.register_filter("as_text", _as_text)
        self.register_filter("answer", self._answer)
        self.register_filter("number", _number)
        self.register_filter("pictures", self._pictures)
        self.environment.tests["from_student"] = _is_from_student
        return super().from_notebook_node(nb, resources, **options)

    def _fitted(self, text: str) -> str:
        """Return text escaped, as long as the page has room; then only that there was more."""
        shown = html.escape(text[: self._room_for_text])
        if max(len(shown), len(text)) > self._room_for_text:
            shown = re.sub("&[^;]*$", "", shown[: self._room_for_text]) + MORE
        self._room_for_text = max(self._room_for_text - len(shown), 0)
        return shown

    def _answer(self, cell: NotebookNode) -> str:
        """Return the HTML of a cell in Markdown, with its pictures, as long as there is room."""
        pictures = [
            each for kinds in cell.get("attachments", {}).values() for each in kinds.values()
        ]
        length = len(cell.source) + sum(map(len, pictures))
        is_long = len(cell.source) > LARGEST_ANSWER and not cell.id.startswith(submission.SHOWN)
        if not is_long and length <= self._room:
            with contextlib.suppress(InvalidNotebook):  # it shows a picture that is not there
                markup = harmless(self.markdown2html({"cell": cell}, cell.source))
                self._room -= length
                return markup
        return f"<pre>{self._fitted(cell.source)}</pre>"

    def _pictures(self, output: NotebookNode) -> str:
        """Return the HTML of an output's pictures, as long as the page has room; else nothing."""
        data = output.get("data", {})
        markup = str(data.get("text/html", ""))
        if PICTURE.search(markup) is None:  # a figure of the course brings its description along
            sources = (
                f"data:{kind};base64,{data[kind]}" for kind in submission.IMAGES if kind in data
            )
            source = "".join(next(sources, "").split())
            markup = f'<img src="{source}" alt="A figure">' if PICTURE.fullmatch(source) else ""
        if not markup or len(markup) > self._room:
            return ""
        self._room -= len(markup)
        return harmless(markup)


def _is_from_student(cell: NotebookNode) -> bool:
    """Tell whether a cell holds an answer, or was added by the student or from the submission."""
    origin = cell.metadata.get(submission.NOTES, {}).get("from")
    return utils.is_solution(cell) or origin == "submission"


def _number(value: float) -> str:
    return f"{float(value):g}"


def _as_text(output: NotebookNode) -> str:
    """Return what an output printed; its end is cut off where that is long."""
    if output.output_type == "error":
        text = f"{output.get('ename')}: {output.get('evalue')}"
    else:
        text = output.get("text") or output.get("data", {}).get("text/plain", "")
    text = strip_ansi(str(text))
    return text if len(text) <= LARGEST_TEXT else text[:LARGEST_TEXT] + MORE
