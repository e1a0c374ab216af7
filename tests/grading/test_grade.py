"""`course grade` itself: what runs again and what does not, what goes on after a break."""

import contextlib
import io
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from types import SimpleNamespace

import nbformat
import psutil
import pytest
from nbgrader.api import Gradebook
from rich.console import Console

from helpers.checks import HANDOVER_VARIABLE
from helpers.instructor import grading, isolation, job, workers
from helpers.instructor.grade import Table, _asked_to_stop, run
from helpers.instructor.gradebook import Writer, make_gradebook
from tests.grading.small_class import (
    COLD,
    SOLVED,
    command,
    configure,
    grade,
    hand_in,
    make_course,
    notebook,
    points,
    printed,
    remove,
    told,
)

WRONG = SOLVED.replace('"softmax"', '"sigmoid"')
STOPS = "raise ValueError({})"  # before there is anything to be judged


def states(course):
    """Of every student, when the notebook ran, was judged, and was written by nbgrader."""
    times = {}
    for folder in sorted((course / ".grading" / "small").glob("*")):
        autograded = course / "autograded" / folder.name / "small" / "small.ipynb"
        files = (folder / "executed.ipynb", folder / "verdicts.json", autograded)
        times[folder.name] = [file.stat().st_mtime_ns if file.exists() else 0 for file in files]
    return times


def changed(before, after):
    """What is newer: by student, a list of `run`, `judged`, `written`."""
    names = ("run", "judged", "written")
    return {
        student: [
            name
            for name, then, now in zip(names, before.get(student, (0, 0, 0)), times, strict=True)
            if now != then
        ]
        for student, times in after.items()
        if times != before.get(student)
    }


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    course = make_course(tmp_path_factory.mktemp("grade"))
    hand_in(course, "ada", WRONG)
    hand_in(course, "bob", STOPS.format(1))
    hand_in(course, "eve", b"")
    finished = grade(course, "count=1")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    configure(course, COLD)
    return course


def again(course, **options):
    """Grade, in this process to spare the start of one; return what changed and was shown."""
    before = states(course)
    shown = io.StringIO()
    with contextlib.chdir(course), contextlib.redirect_stdout(shown):
        status = run("small", course=course, **options)
    assert status == 0, shown.getvalue()
    return changed(before, states(course)), shown.getvalue()


def test_everybody_has_a_result(course):
    assert points(course) == {"ada": 4, "bob": 0, "eve": 0}
    assert "sigmoid instead of softmax" in told(course, "ada")
    assert "ValueError: 1" in told(course, "bob")
    assert "is empty" in told(course, "eve")


def test_nothing_runs_twice(course):
    what, shown = again(course)
    assert what == {}
    assert "0 had to be run or judged" in shown


def test_a_changed_submission_runs_again_and_no_other_does(course):
    hand_in(course, "bob", STOPS.format(2))
    what, _ = again(course)
    assert what == {"bob": ["run", "judged", "written"]}
    assert "ValueError: 2" in told(course, "bob")


def test_a_submission_that_was_only_saved_again_is_not_run(course):
    saved = notebook(WRONG)
    saved.metadata["editor"] = "another one"
    hand_in(course, "ada", saved)
    assert again(course)[0] == {}


def test_other_text_is_taken_over_and_nothing_is_run(course):
    saved = notebook(WRONG)
    saved.cells[1].outputs = [nbformat.v4.new_output("stream", text="what ada saw")]
    hand_in(course, "ada", saved)
    before = job.Job("ada", course, course / ".grading" / "small" / "ada").state
    again(course)
    after = job.Job("ada", course, course / ".grading" / "small" / "ada").state
    assert (after["seconds_run"], after["judged"]) == (before["seconds_run"], before["judged"])
    assert after["read"] != before["read"]
    graded = (course / "autograded" / "ada" / "small" / "small.ipynb").read_text()
    assert "what ada saw" in graded
    assert "sigmoid instead of softmax" in told(course, "ada")


def test_force_runs_again_who_is_named(course):
    what, _ = again(course, force=True, students=["bob"])
    assert what == {"bob": ["run", "judged", "written"]}


def test_a_corrected_check_judges_again_what_was_handed_over_and_runs_nothing(course):
    old = {student: {"judged": "by another version of the checks"} for student in states(course)}
    for student, state in old.items():
        job.Job(student, course, course / ".grading" / "small" / student).remember(**state)
    what, shown = again(course)
    assert what == {student: ["judged", "written"] for student in ("ada", "bob", "eve")}
    assert "3 had to be run or judged" in shown
    assert points(course) == {"ada": 4, "bob": 0, "eve": 0}


def test_what_changes_a_run_and_what_only_judges_have_two_hashes(monkeypatch, tmp_path):
    helpers = tmp_path / "helpers"
    package = Path(job.__file__).parents[1]
    shutil.copytree(package, helpers, ignore=shutil.ignore_patterns("embedded", "__pycache__"))
    monkeypatch.setattr(job, "__file__", str(helpers / "instructor" / "job.py"))

    def hashes():
        return job.hash_of_helpers(judges=False), job.hash_of_helpers(judges=True)

    before = hashes()
    (helpers / "checks" / "messages.py").write_text("# other words")
    corrected = hashes()
    assert corrected[0] == before[0]
    assert corrected[1] != before[1]
    (helpers / "data.py").write_text("# other images")
    assert hashes()[0] != before[0]


def test_a_result_that_nbgrader_lost_is_written_again_without_running(course):
    shutil.rmtree(course / "autograded" / "ada")
    (course / "gradebook.db").unlink()
    what, _ = again(course)
    assert what == {student: ["written"] for student in ("ada", "bob", "eve")}
    assert points(course) == {"ada": 4, "bob": 0, "eve": 0}


def test_a_result_that_cannot_be_written_is_that_students_alone(course, monkeypatch):
    monkeypatch.chdir(course)
    writer = Writer("small", grading.configuration(course))
    ada, bob = (
        job.Job(name, course / "submitted" / name / "small", course / ".grading" / "small" / name)
        for name in ("ada", "bob")
    )
    verdicts = ada.verdicts.read_text()
    ada.verdicts.write_text("[]")
    assert "could not be written" in writer.write(ada)
    ada.verdicts.write_text(verdicts)
    assert writer.write(bob) == ""
    assert writer.write(ada) == ""
    assert points(course) == {"ada": 4, "bob": 0, "eve": 0}


def test_a_late_one_loses_what_nbgraders_plugin_takes(course):
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        gradebook.update_or_create_assignment("small", duedate="2020-01-01 12:00:00 UTC")
    late = course / "submitted" / "ada" / "small" / "timestamp.txt"
    late.write_text("2020-01-02 12:00:00 UTC")
    configure(course, "c.AssignLatePenalties.plugin_class = 'tests.grading.late.HalfOff'\n")
    what, _ = again(course)
    assert what == {"ada": ["written"]}
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        submission = gradebook.find_submission("small", "ada")
        assert submission.total_seconds_late == 24 * 3600
        assert (submission.score, submission.late_submission_penalty) == (4, 2)
    late.unlink()


def test_a_manual_grade_is_kept(course):
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        grade_of_bob = gradebook.find_submission("small", "bob").notebooks[0].grades[0]
        grade_of_bob.manual_score = 3
        gradebook.db.commit()
    again(course, force=True, students=["bob"])
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        grade_of_bob = gradebook.find_submission("small", "bob").notebooks[0].grades[0]
        assert (grade_of_bob.auto_score, grade_of_bob.manual_score) == (0, 3)


def test_the_table_tells_what_is_done_what_runs_what_failed_and_how_long_it_takes():
    console = Console(width=80, record=True, force_terminal=True, file=io.StringIO())
    table = Table(console, 3)
    jobs = [job.Job(name, Path(name), Path(name)) for name in ("ada", "bob", "eve")]
    with table:
        for one in jobs:
            table.tell(workers.Event(one, "begun"))
        table.tell(workers.Event(jobs[0], "finished", cold="there is no bwrap"))
        table.tell(workers.Event(jobs[1], "failed", "the disk is full"))
        table.tell(None)
        console.print(table.draw())
    shown = console.export_text()
    assert "2/3 graded, " in shown
    assert "left" in shown
    assert re.search(r"eve +0 +bob", shown)
    assert "start cold, which takes seconds each. there is no bwrap" in shown
    assert table.failed == {"bob": "the disk is full"}


def test_a_worker_that_dies_costs_its_job_and_no_other(course):
    config = grading.configuration(course)
    jobs = [
        job.Job(name, course / "submitted" / name / "small", course / ".grading" / "small" / name)
        for name in ("bob", "eve")
    ]
    events = workers.do(jobs, course, "small", config, count=1, force=True)
    results = {}
    for event in events:
        if event and event.kind == "begun" and event.job.student == "bob":
            _wait_until(lambda: _workers())
            _workers()[0].kill()
        elif event and event.kind != "begun":
            results[event.job.student] = (event.kind, event.problem)
    assert results["bob"] == ("failed", "The process that graded it ended with -9.")
    assert results["eve"] == ("finished", "")
    again(course)
    assert points(course) == {"ada": 4, "bob": 0, "eve": 0}


def _workers():
    mine = psutil.Process().children()
    return [process for process in mine if "helpers.instructor.workers" in process.cmdline()]


def _wait_until(happens, timeout=100):
    end = time.monotonic() + timeout
    while not happens():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)


def test_ctrl_c_ends_it_keeps_what_is_finished_and_leaves_no_process(tmp_path):
    course = make_course(tmp_path, COLD)
    hand_in(course, "ada", STOPS)
    hand_in(course, "bob", "import time; time.sleep(25)")
    grader = subprocess.Popen(
        command(course, "count=1"),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell may ignore it
    )
    ada = job.Job("ada", course, course / ".grading" / "small" / "ada")
    _wait_until(lambda: ada.state.get("recorded"))
    below = psutil.Process(grader.pid).children(recursive=True)
    os.killpg(grader.pid, signal.SIGINT)
    output, _ = grader.communicate(timeout=30)
    assert grader.returncode == 130
    assert "the same command goes on" in output
    psutil.wait_procs(below, timeout=10)
    assert [process for process in below if process.is_running()] == []
    assert points(course) == {"ada": 0}
    hand_in(course, "bob", STOPS)
    what, _ = again(course)
    assert what == {"bob": ["run", "judged", "written"]}


def test_a_second_signal_does_not_wait_and_an_ignored_one_stays_ignored():
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with _asked_to_stop() as asked:
            os.kill(os.getpid(), signal.SIGHUP)
            assert asked == []
            os.kill(os.getpid(), signal.SIGTERM)
            assert asked == [signal.SIGTERM]
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) == before[signal.SIGTERM]
    finally:
        signal.signal(signal.SIGHUP, before[signal.SIGHUP])


@pytest.fixture
def without_bwrap(tmp_path_factory):
    """An environment whose PATH has the system's programs, but not bubblewrap."""
    programs = tmp_path_factory.mktemp("programs")
    for program in Path("/usr/bin").iterdir():
        if program.name != "bwrap":
            (programs / program.name).symlink_to(program)
    return os.environ | {"PATH": str(programs)}


def test_where_bubblewrap_is_forbidden_it_refuses_and_says_what_to_do(tmp_path, without_bwrap):
    course = make_course(tmp_path)
    hand_in(course, "ada", STOPS)
    bwrap = Path(without_bwrap["PATH"], "bwrap")
    bwrap.write_text(
        "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n"
    )
    bwrap.chmod(0o755)
    refused = grade(course, "require_isolation=True", environment=without_bwrap)
    assert refused.returncode == 1
    assert "Not isolated." in refused.stdout
    assert "No permissions to create new namespace" in refused.stdout
    assert "has to allow user namespaces" in refused.stdout
    assert not (course / ".grading").exists()


@pytest.mark.slow
def test_where_nothing_isolates_it_says_so_loudly_or_refuses(tmp_path, without_bwrap):
    course = make_course(tmp_path)
    hand_in(course, "eve", "print(open('/etc/hostname').read())")
    refused = grade(course, "require_isolation=True", environment=without_bwrap)
    assert refused.returncode == 1
    assert "`bwrap` is missing: install the system's package `bubblewrap`" in refused.stdout
    assert not (course / ".grading").exists()
    finished = grade(course, environment=without_bwrap)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "Not isolated." in finished.stdout
    assert "on your own account" in finished.stdout
    assert points(course) == {"eve": 0}
    assert printed(course, "eve")


@pytest.mark.slow
def test_plain_nbgrader_without_isolation_refuses_if_it_is_told_to(tmp_path, without_bwrap):
    course = make_course(tmp_path)
    hand_in(course, "ada", STOPS)
    finished = subprocess.run(
        [sys.executable, "-m", "nbgrader", "autograde", "small"],
        cwd=course,
        env=without_bwrap | {isolation.REQUIRED: "1"},
        capture_output=True,
        text=True,
    )
    assert finished.returncode != 0
    assert "Isolation is required" in finished.stderr


@pytest.mark.slow
def test_a_gradebook_is_made_whole_or_not_at_all(tmp_path, monkeypatch):
    address = f"sqlite:///{tmp_path / 'gradebook.db'}"
    programs = Path(sys.executable).parent  # nbgrader looks for alembic on PATH
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")

    class Broken(Gradebook):
        def close(self):
            raise KeyboardInterrupt

    monkeypatch.setattr("helpers.instructor.gradebook.Gradebook", Broken)
    with pytest.raises(KeyboardInterrupt):
        make_gradebook(address)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr("helpers.instructor.gradebook.Gradebook", Gradebook)
    make_gradebook(address)
    with Gradebook(address) as gradebook:
        assert gradebook.students == []


def test_a_full_disk_is_nobodys_fault(monkeypatch):
    full = SimpleNamespace(free=10**6)
    monkeypatch.setattr(grading.shutil, "disk_usage", lambda folder: full)
    with pytest.raises(OSError, match="has 1 MB left, and a notebook may write 1,000"):
        grading.Run().preprocess(notebook(SOLVED), {})
    isolation.remove(Path(os.environ.pop(HANDOVER_VARIABLE)))


def test_what_a_kernel_answered_can_be_stored_whatever_it_was():
    strange = notebook(SOLVED)
    strange.cells[0].execution_count = "[/x]"
    result = {"output_type": "execute_result", "data": {"text/plain": "half \ud800"}}
    result |= {"metadata": {}, "execution_count": "x"}
    strange.cells[0].outputs = [nbformat.from_dict(result)]
    strange.metadata.widgets = {"state": {}}
    assert grading._make_storable(strange)
    nbformat.validate(strange)
    assert "half ?" in nbformat.writes(strange).encode().decode()
    assert "widgets" not in strange.metadata
    strange.cells[0].outputs = [nbformat.from_dict({"output_type": "stream", "text": {"a": 1}})]
    assert not grading._make_storable(strange)
    nbformat.validate(strange)


def test_what_was_handed_over_may_be_read_by_the_user_that_judges(tmp_path):
    (tmp_path / "from" / "below").mkdir(parents=True)
    (tmp_path / "from" / "below" / "file").touch(0o600)
    before = os.umask(0o077)
    try:
        job._copy_files(tmp_path / "from", tmp_path / "to")
    finally:
        os.umask(before)
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "to").rglob("*")}
    assert modes == {0o755, 0o644}


@pytest.mark.slow
def test_a_kill_at_any_moment_loses_nothing(tmp_path):
    """Twenty kills at moments drawn from all that a whole run takes, each followed by a restart."""
    course = make_course(tmp_path)
    expected = {}
    for number in range(5):
        answer, worth = [(SOLVED, 5), (WRONG, 4), (STOPS, 0)][number % 3]
        hand_in(course, f"student-{number}", answer)
        expected[f"student-{number}"] = worth
    started = time.monotonic()
    assert grade(course).returncode == 0
    whole = time.monotonic() - started
    _all_right(course, expected)
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}, a whole run takes {whole:.1f} seconds")  # pytest shows it on failure
    draw = random.Random(seed)
    kills = []
    while len(kills) < 20:
        if _consistent(course, expected) == len(expected):  # begin again: there is nothing to kill
            remove(course)
            if draw.random() < 0.5:
                (course / "gradebook.db").unlink()
        grader = subprocess.Popen(command(course), stdout=subprocess.DEVNULL)
        moment = draw.uniform(0, whole)
        try:
            assert grader.wait(moment) == 0
        except subprocess.TimeoutExpired:
            below = psutil.Process(grader.pid).children(recursive=True)
            grader.kill()
            grader.wait()
            kills.append(round(moment, 1))
            print("killed after", kills[-1])
            psutil.wait_procs(below, timeout=10)
            assert [process for process in below if process.is_running()] == []
            _consistent(course, expected)
        else:
            _all_right(course, expected)
    assert grade(course).returncode == 0
    _all_right(course, expected)


def _all_right(course, expected):
    """Check that every student has exactly one result, the right one, everywhere."""
    assert _consistent(course, expected) == len(expected)
    assert points(course) == expected
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        submitted = gradebook.assignment_submissions("small")
        assert sorted(one.student.id for one in submitted) == sorted(expected)
        assert {len(one.notebooks) for one in submitted} == {1}
        assert {len(one.notebooks[0].grades) for one in submitted} == {1}
    autograded = sorted(path.parent.name for path in (course / "autograded").glob("*/small"))
    assert autograded == sorted(expected)


def _consistent(course, expected):
    """Check what there is of a gradebook; return how many results are complete."""
    database = course / "gradebook.db"
    if not database.exists():
        return 0
    with sqlite3.connect(database) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with Gradebook(f"sqlite:///{database}") as gradebook:
        students = [student.id for student in gradebook.students]
        assert len(students) == len(set(students))
    complete = 0
    for student in expected:
        folder = course / ".grading" / "small" / student
        if (folder / "state.json").exists():
            state = json.loads((folder / "state.json").read_text())
            judged = state.get("judged")
            if judged and state.get("recorded", "").startswith(judged):
                complete += 1
                path = course / "autograded" / student / "small" / "small.ipynb"
                nbformat.read(path, as_version=4)
                assert points(course)[student] == expected[student]
    return complete


@pytest.mark.slow
def test_it_takes_what_is_new_in_nbgraders_exchange(tmp_path):
    (tmp_path / "course").mkdir()
    exchange = tmp_path / "exchange"
    exchange.mkdir()
    exchange.chmod(0o777)
    course = make_course(tmp_path / "course", f"c.Exchange.root = {str(exchange)!r}\n")
    mine = tmp_path / "student"
    mine.mkdir()
    shutil.copy(course / "nbgrader_config.py", mine)
    for program, where in (
        (["release_assignment", "small"], course),
        (["fetch_assignment", "small"], mine),
    ):
        _nbgrader(program, where)
    nbformat.write(notebook(SOLVED), mine / "small" / "small.ipynb")
    _nbgrader(["submit", "small"], mine)
    finished = grade(course, "collect=True")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert list(points(course).values()) == [5]


def _nbgrader(arguments, folder):
    finished = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stderr


def test_everything_can_be_imported_where_there_is_no_linux():
    program = """
        import importlib, os, signal, socket, sys
        import jinja2, jupyter_client.provisioning, matplotlib, nbclient, nbgrader.apps, psutil
        import rich.live, rich.progress, typer, typer.main
        for name in ("fcntl", "resource", "pwd", "termios"):
            sys.modules[name] = None
        for module, names in (
            (os, ["pidfd_open", "geteuid", "getuid", "killpg", "sched_setaffinity", "uname"]),
            (signal, ["pidfd_send_signal", "SIGHUP", "SIGKILL"]),
            (socket, ["AF_UNIX", "SOCK_SEQPACKET", "SO_PASSCRED"]),
        ):
            for name in names:
                delattr(module, name)
        for name in ("grade", "gradebook", "grading", "job", "kernels", "warm", "workers"):
            importlib.import_module(f"helpers.instructor.{name}")
        for name in ("commands", "isolation", "judge", "limited", "release", "report"):
            importlib.import_module(f"helpers.instructor.{name}")
        sys.platform = "win32"
        from helpers.instructor import isolation
        print(isolation.why_not())
    """
    finished = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True
    )
    assert finished.returncode == 0, finished.stderr
    assert "isolated on Linux only" in finished.stdout
