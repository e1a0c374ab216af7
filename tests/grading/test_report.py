"""The report on a class: what it counts, what it shows, and what it keeps to itself."""

import csv
import re
from datetime import datetime

import pytest
from bs4 import BeautifulSoup
from nbgrader.api import Gradebook

from helpers.instructor import report
from tests.grading.small_class import SOLVED, grade, hand_in, make_course

SIGMOID = SOLVED.replace('"softmax"', '"sigmoid"')
EVIL = "<script>alert(1)</script>"
ANSWERS = {
    "ada": SOLVED,
    "bob": SIGMOID.replace("import keras", "import keras  # Bob Ross, 4711"),
    "cyd": SIGMOID.replace("Conv2D(8", "Conv2D(12"),
    "dan": "raise NotImplementedError()",
    "eve": f"# {EVIL}\nmodel = '{EVIL}'",
    "fay": "x = unknown",
    "=gus": "import os; os._exit(0)",
    "hal": b"",
}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    course = make_course(tmp_path_factory.mktemp("report"))
    for student, answer in ANSWERS.items():
        hand_in(course, student, answer)
    finished = grade(course)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        grade_of_dan = gradebook.find_submission("small", "dan").notebooks[0].grades[0]
        grade_of_dan.needs_manual_grade = True
        gradebook.db.commit()
    assert report.run("small", course) == 0
    return course


@pytest.fixture(scope="module")
def page(course):
    text = (course / "report" / "small.html").read_text(encoding="utf-8")
    return BeautifulSoup(text, "html.parser")


def rows(course, name):
    with (course / "report" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_student_has_a_row_with_points_and_findings(course):
    table = {row["student"]: row for row in rows(course, "small.csv")}
    assert set(table) == {*ANSWERS, "'=gus"} - {"=gus"}
    assert (table["ada"]["check_model"], table["ada"]["total"]) == ("5.0", "5.0")
    assert (table["bob"]["total"], table["bob"]["findings"]) == ("4.0", "check_model:no-softmax")
    assert table["dan"]["check_model"] == ""
    assert float(table["ada"]["seconds"]) > 0
    assert int(table["ada"]["memory_bytes"]) > 10**7
    assert "is empty" in table["hal"]["trouble"]


def test_findings_are_counted_and_so_is_what_left_nothing_to_check(course):
    table = {row["finding"]: row for row in rows(course, "small-findings.csv")}
    assert (table["no-softmax"]["students"], table["no-softmax"]["points"]) == ("2", "1")
    assert table["no-softmax"]["share"] == "0.25"
    assert table["The cell `model_cell` is still the stub, or a part of it"]["students"] == "1"
    assert table["The cell `model_cell` stopped with NameError"]["students"] == "1"


def test_the_page_shows_the_class(page):
    text = page.get_text(" ", strip=True)
    assert "8 submissions" in text
    assert "1 of them still waits for a person" in text
    assert re.search(r"2 of 8 \(25 %\) no-softmax costs 1 point", text)
    assert len(page.find_all("img")) == 3
    assert all(len(image["alt"]) > 40 for image in page.find_all("img"))


def test_a_reason_for_several_exercises_is_told_once():
    code = {"check_model": "model = x", "check_training": "model = x\nfit()"}
    why = "The cell `model_cell` stopped with NameError: x"
    result = report.Result("ada", dict.fromkeys(code, 0.0), 0, {}, dict.fromkeys(code, why), code)
    found = report.find_misconceptions([result])
    points = dict.fromkeys(code, 5.0)
    page = report.render("small", points, [result], found, datetime(2026, 1, 1))
    [reason] = BeautifulSoup(page, "html.parser").select(".misconception")
    heading = " ".join(reason.h4.text.split())
    assert heading == (
        "1 of 1 (100 %) The cell model_cell stopped with NameError "
        "spoiled check_model, check_training"
    )
    assert [example.text for example in reason.find_all("pre")] == ["model = x"]


def test_examples_are_anonymous(page):
    [found] = [each for each in page.select(".misconception") if "no-softmax" in each.h4.text]
    examples = found.find_all("pre")
    assert len(examples) == 2
    assert "Conv2D(12" in found.text
    for name in ("Bob", "4711", "bob", "cyd"):
        assert name not in found.text


def test_who_was_stopped_is_named_with_the_reason(page):
    table = page.find_all("table")[-1]
    troubled = {row.td.text: row.find_all("td")[1].text for row in table.find_all("tr")[1:]}
    assert set(troubled) == {"=gus", "hal"}
    assert "kernel died" in troubled["=gus"]


def test_nothing_in_it_acts(page):
    assert page.find_all("script") == []
    assert page.find("meta", {"http-equiv": "Content-Security-Policy"})
    assert EVIL in page.get_text()


def test_a_class_that_was_not_graded_is_told_what_to_do(course, capsys):
    assert report.run("unknown", course) == 1
    assert "course grade unknown" in capsys.readouterr().out


def test_criteria_that_tell_nobody_apart_are_listed(page):
    assert "Everybody meets" in page.get_text()
    heading = page.find("h3", string="Everybody meets")
    assert heading.find_next_sibling("ul").find_all("li")


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        ("x = 1  # mine\n\n# me\ny = '#2'", "x = 1\ny = '#2'"),
        ("x = (  # mine", "x = ("),
        ("%time x = 1  # mine", "%time x = 1"),
    ],
)
def test_comments_are_taken_out_of_examples(source, plain):
    assert report.without_comments(source) == plain


def test_a_long_example_is_cut():
    code = report.without_comments("\n".join(f"x{n} = {n}" for n in range(500)))
    assert len(code.splitlines()) == report.LONGEST_EXAMPLE + 1


def test_a_page_of_nobody_checked_has_no_empty_figures():
    result = report.Result("ada", {"check_model": 0.0}, 0, reasons={"check_model": "It is a stub."})
    found = report.find_misconceptions([result])
    page = report.render("small", {"check_model": 5.0}, [result], found, datetime(2026, 1, 1))
    assert page.count("<img") == 1
    assert "Nothing was measured." in page
