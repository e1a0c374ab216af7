"""The feedback page: findings and one's own work, and nothing that acts."""

import re

import nbformat
import pytest
from bs4 import BeautifulSoup

from helpers.checks import Criterion, Finding, Report
from helpers.instructor import feedback, submission
from tests.browser import chromium

ACTIVE = """<script>alert(1)</script><img src=x onerror="alert(2)"><iframe src="//x"></iframe>
<a href="javascript:alert(3)">x</a><a href="data:text/html,<script>alert(4)</script>">y</a>
<svg onload="alert(5)"></svg><style>body { display: none }</style><form action="//x"><input></form>
<p style="background: url(//x); position: fixed" onclick="alert(6)">text</p>"""
PICTURE = "iVBORw0KGgo="


def cell(kind, source, name, *, outputs=(), **marks):
    make = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
    made = make(source, id=name)
    plain = {"grade": False, "solution": False, "schema_version": 3, "grade_id": name}
    made.metadata.nbgrader = plain | marks
    if kind == "code":
        made.outputs = list(outputs)
    return made


def display(**data):
    return nbformat.v4.new_output(
        "display_data", data={k.replace("_", "/"): v for k, v in data.items()}
    )


@pytest.fixture(scope="module")
def page():
    criteria = (Criterion("one", "does `one` thing", 2), Criterion("two", "does another", 3))
    finding = Finding("a", "one", ACTIVE + " was seen.", "It matters.", "Section")
    report = Report.of("check", criteria, [finding])
    notebook = nbformat.v4.new_notebook(
        cells=[
            cell(
                "code",
                f"x = '''{ACTIVE}'''",
                "answer",
                solution=True,
                comment=ACTIVE,
                outputs=[
                    display(text_html=ACTIVE, text_plain=ACTIVE, application_javascript="alert(7)"),
                    nbformat.v4.new_output("stream", text="long " * 10_000 + ACTIVE),
                    nbformat.v4.new_output(
                        "error", ename=ACTIVE, evalue=ACTIVE, traceback=[ACTIVE]
                    ),
                    display(image_png=PICTURE),
                    display(image_png='"><script>alert(8)</script>'),
                ],
            ),
            cell(
                "code",
                "check()",
                "check",
                grade=True,
                points=5,
                score=3,
                outputs=[
                    display(text_plain=str(report), text_html=report._repr_html_()),
                ],
            ),
            cell(
                "markdown",
                f"**mine** {ACTIVE} [z](javascript:alert(9))",
                "text",
                solution=True,
                grade=True,
                points=0,
                score=0,
                comment="",
            ),
            nbformat.v4.new_code_cell(
                "show()",
                id="figure",
                outputs=[
                    display(text_html=f'<img alt="Accuracy" src="data:image/png;base64,{PICTURE}">')
                ],
            ),
        ]
    )
    notebook.cells[0].metadata[submission.NOTES] = {}
    marks = {"notebook": "small", "score": 3.0, "max_score": 5.0, "late_penalty": 0}
    html, _ = feedback.FeedbackExporter().from_notebook_node(notebook, {"nbgrader": marks})
    return html


def test_nothing_in_the_page_is_active(page):
    tags = BeautifulSoup(page, "html.parser").find_all(True)
    head = {"html", "head", "meta", "title", "style", "body"}
    assert {tag.name for tag in tags} <= head | feedback.TAGS
    for tag in (tag for tag in tags if tag.name not in head):
        assert not [name for name in tag.attrs if name.startswith("on")]
        assert "url" not in tag.get("style", "")
        assert re.match(r"data:image/png;base64,|$", tag.get("src", ""))
        assert re.match(r"https?://|#|$", tag.get("href", ""))
    assert page.count("<style") == 1
    assert "default-src 'none'" in page


def test_it_begins_with_the_points_and_the_findings(page):
    assert "<h1>small: 3 of 5 points</h1>" in page
    assert page.index("check: 3 of 5 points") < page.index("Your answers")
    assert "It matters." in page
    assert "text: 0 of 0" not in page


def test_it_shows_ones_own_code_text_and_figures_and_those_of_the_course_drawn_with_them(page):
    answers = page[page.index("Your answers") :]
    assert "x = '''&lt;script&gt;" in answers
    assert "<strong>mine</strong>" in answers
    assert answers.count(f"data:image/png;base64,{PICTURE}") == 2
    assert 'alt="Accuracy"' in answers
    assert "check()" not in answers
    assert "show()" not in answers


def test_it_stays_small_whatever_was_printed(page):
    assert len(page) < 60_000
    big = "A" * 1_000_000
    notebook = nbformat.v4.new_notebook(
        cells=[cell("code", "draw()", "a", solution=True, outputs=4 * [display(image_png=big)])]
    )
    marks = {"notebook": "small", "score": 0.0, "max_score": 5.0, "late_penalty": 1.5}
    html, _ = feedback.FeedbackExporter().from_notebook_node(notebook, {"nbgrader": marks})
    assert 1_000_000 < len(html) < 2_000_000
    assert "1.5 points were taken off" in html


def page_of(*cells):
    marks = {"notebook": "small", "score": 0.0, "max_score": 5.0, "late_penalty": 0}
    notebook = nbformat.v4.new_notebook(cells=list(cells))
    return feedback.FeedbackExporter().from_notebook_node(notebook, {"nbgrader": marks})[0]


def test_it_stays_small_and_is_soon_there_whatever_was_written():
    outputs = [nbformat.v4.new_output("stream", text="<" * 5000)] * 190
    html = page_of(
        cell("code", "<" * 990_000, "a", solution=True),
        cell("code", "x", "b", solution=True, outputs=outputs),
        cell("markdown", "<div>" * 200_000, "c", solution=True),
        cell("markdown", " " * 1_000_000 + "x", "d", solution=True),
    )
    assert len(html) < 500_000
    assert "... and more" in html


def test_pictures_in_an_answers_text_are_shown():
    shown = cell("markdown", "**a** ![](attachment:a.png)", "a", solution=True)
    shown.attachments = {"a.png": {"image/png": PICTURE}}
    missing = cell("markdown", "**b** ![](attachment:b.png)", "b", solution=True)
    large = cell("markdown", "**c** ![](attachment:c.png)", "c", solution=True)
    large.attachments = {"c.png": {"image/png": "A" * 2_000_000}}
    html = page_of(shown, missing, large)
    assert "<strong>a</strong>" in html
    assert html.count(f'src="data:image/png;base64,{PICTURE}"') == 1
    assert "**b**" in html
    assert "**c**" in html
    assert len(html) < 100_000


@pytest.mark.parametrize(
    "markup",
    [
        '<a href="DATA:text/html,x">x</a>',
        '<a href=" data:text/html,x">x</a>',
        '<p style="list-style: url(//x)">x</p>',
        '<p style="padding: URL(//x)">x</p>',
    ],
)
def test_nothing_is_loaded_and_no_page_is_made_of_text(markup):
    assert "x)" not in feedback.harmless(markup)
    assert "text/html" not in feedback.harmless(markup)


@pytest.mark.browser
@pytest.mark.skipif(bool(chromium.why_not()), reason="there is no browser")
def test_on_a_phone_only_code_is_wider_than_the_page_and_nothing_runs(page, tmp_path):
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    address = (tmp_path / "page.html").as_uri()
    with chromium.browse(address, width=390, height=844) as phone:
        assert phone.evaluate("document.documentElement.scrollWidth") == 390
        assert phone.locator("pre").first.evaluate("each => each.scrollWidth") > 390
        assert phone.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") >= 16
        assert phone.problems == []
