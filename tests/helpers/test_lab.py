import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest
from jupyter_client import BlockingKernelClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from helpers import lab
from helpers.paths import ASSIGNMENTS

from ..running_course import COURSE, copy_course, running_lab

STUB = "# Define your model.\nraise NotImplementedError()"
# A mark as nbgrader writes it; `points` makes a locked test cell of it.
MARK = {"schema_version": 3, "solution": True, "grade": False, "locked": False, "task": False}
TEST_MARK = {**MARK, "solution": False, "grade": True, "locked": True, "points": 2}


def write_notebook(path, *cells):
    path.parent.mkdir(parents=True, exist_ok=True)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = new_notebook(cells=list(cells), metadata={"kernelspec": kernel})
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
    nbformat.write(notebook, path)


def ship(root, version, points=2):
    """Put a version of every notebook into the course."""
    for name in ASSIGNMENTS:
        write_notebook(
            root / "notebooks" / name / f"{name}.ipynb",
            new_markdown_cell(f"# {name}, version {version}"),
            new_code_cell(STUB, metadata={"nbgrader": {**MARK, "grade_id": "model_cell"}}),
            new_code_cell(
                "assert model == 3",
                metadata={"nbgrader": {**TEST_MARK, "grade_id": "check_model", "points": points}},
            ),
        )


def mine(root, suffix=""):
    return root / "work" / "regularization" / f"regularization{suffix}.ipynb"


def shipped(root):
    return root / "notebooks" / "regularization" / "regularization.ipynb"


def edit(path, source):
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].source = source
    nbformat.write(notebook, path)


def run_in_lab(path):
    """Leave what JupyterLab leaves after a run: outputs and metadata."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].outputs = [new_output("stream", text="epoch 1")]
    notebook.cells[1].execution_count = 1
    notebook.cells[1].metadata["scrolled"] = True
    notebook.metadata["language_info"] = {"name": "python"}
    notebook.cells.append(new_code_cell("", id="added-after-the-last"))
    nbformat.write(notebook, path)


@pytest.fixture
def course(tmp_path):
    ship(tmp_path, 1)
    lab.update_working_copy(tmp_path)
    return tmp_path


def test_a_missing_notebook_is_copied(tmp_path):
    ship(tmp_path, 1)
    messages = lab.update_working_copy(tmp_path)
    assert len(messages) == len(ASSIGNMENTS)
    assert str(mine(tmp_path)) in messages[0]
    for name in ASSIGNMENTS:
        copy = tmp_path / "work" / name / f"{name}.ipynb"
        assert copy.read_bytes() == (tmp_path / "notebooks" / name / copy.name).read_bytes()


def test_nothing_new_changes_nothing_and_says_nothing(course):
    before = mine(course).stat().st_mtime_ns
    assert lab.update_working_copy(course) == []
    assert mine(course).stat().st_mtime_ns == before


def test_outputs_are_kept_while_the_course_stays_the_same(course):
    run_in_lab(mine(course))
    before = mine(course).read_bytes()
    assert lab.update_working_copy(course) == []
    assert mine(course).read_bytes() == before


def test_an_unedited_copy_gets_the_newer_version(course):
    run_in_lab(mine(course))
    ship(course, 2)
    messages = lab.update_working_copy(course)
    assert "newer version" in messages[0]
    assert mine(course).read_bytes() == shipped(course).read_bytes()


def test_changed_points_are_a_newer_version(course):
    ship(course, 1, points=5)
    lab.update_working_copy(course)
    assert mine(course).read_bytes() == shipped(course).read_bytes()


def test_an_edited_copy_is_left_alone(course):
    edit(mine(course), "model = 3")
    before = mine(course).read_bytes()
    assert lab.update_working_copy(course) == []
    assert mine(course).read_bytes() == before


def test_a_newer_version_goes_beside_an_edited_copy_once(course):
    edit(mine(course), "model = 3")
    before = mine(course).read_bytes()
    ship(course, 2)
    messages = lab.update_working_copy(course)
    assert str(mine(course, "-new")) in messages[0]
    assert mine(course).read_bytes() == before
    assert mine(course, "-new").read_bytes() == shipped(course).read_bytes()

    assert lab.update_working_copy(course) == []
    assert not mine(course, "-new-2").exists()


def test_an_edited_newer_version_is_not_overwritten_by_the_next_one(course):
    edit(mine(course), "model = 3")
    ship(course, 2)
    lab.update_working_copy(course)
    edit(mine(course, "-new"), "model = 4")
    before = mine(course, "-new").read_bytes()
    ship(course, 3)
    lab.update_working_copy(course)
    assert mine(course, "-new").read_bytes() == before
    assert mine(course, "-new-2").read_bytes() == shipped(course).read_bytes()


@pytest.mark.parametrize("record", [None, b"", b"[]", b"\xff"])
def test_without_a_record_a_different_copy_counts_as_edited(course, record):
    path = course / "work" / lab.PRIVATE / "shipped.json"
    path.unlink() if record is None else path.write_bytes(record)
    edit(mine(course), "model = 3")
    before = mine(course).read_bytes()
    ship(course, 2)
    lab.update_working_copy(course)
    assert mine(course).read_bytes() == before


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"cells": [',
        b"{}",
        b"[]",
        b"3",
        b"\xff\xfe",
        b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"source": "x"}]}',
    ],
)
def test_a_damaged_copy_is_left_alone_and_told(course, content):
    mine(course).write_bytes(content)
    ship(course, 2)
    messages = lab.update_working_copy(course)
    assert str(mine(course)) in messages[0]
    assert "does not read as a notebook" in messages[0]
    assert mine(course).read_bytes() == content


@pytest.mark.parametrize("content", [None, b"{"])
def test_a_damaged_course_says_how_to_mend_it(course, content):
    before = mine(course).read_bytes()
    shipped(course).unlink() if content is None else shipped(course).write_bytes(content)
    with pytest.raises(lab.DamagedCourseError, match="git checkout") as raised:
        lab.update_working_copy(course)
    assert str(shipped(course)) in str(raised.value)
    assert mine(course).read_bytes() == before


def test_a_busy_port_is_named_and_nothing_starts(tmp_path):
    ship(tmp_path / "shipped", 1)
    root = copy_course(tmp_path / "course", tmp_path / "shipped" / "notebooks")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = subprocess.run(
            [*COURSE, "lab", "--no-browser", "--port", str(port)],
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root)},
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert result.returncode == 1
    assert f"Port {port} is busy" in result.stderr
    assert "leave --port out" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("port", [0, 65536, -1])
def test_an_impossible_port_is_named(port, capsys):
    assert lab.run(port=port, open_browser=False) == 1
    assert f"no port {port}" in capsys.readouterr().err


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """`course lab`, for a user whose PATH, kernels and Jupyter settings are all wrong for it."""
    folder = tmp_path_factory.mktemp("lab")
    ship(folder / "shipped", 1)
    root = copy_course(folder / "course", folder / "shipped" / "notebooks")
    (root / "nbgrader_config.py").write_text("c = get_config()\nc.Execute.timeout = 3\n")

    home = folder / "home"
    kernel = home / ".local" / "share" / "jupyter" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    (kernel / "kernel.json").write_text(json.dumps({"argv": ["false"], "display_name": "other"}))
    (home / ".jupyter").mkdir()
    for name in ("jupyter_server_config.py", "jupyter_lab_config.py", "nbgrader_config.py"):
        (home / ".jupyter" / name).write_text("raise SystemExit('the user\\'s own settings')\n")

    with running_lab(root, HOME=str(home), PATH="/usr/bin:/bin") as process:
        process.root = root
        yield process


def ask(server, path, body=None):
    """Send a request to the server; return its status and its answer."""
    base, token = re.fullmatch(r"(http://[^/]+)/\S*\?token=(\w+)", server.address).groups()
    request = urllib.request.Request(
        f"{base}/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"token {token}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, None


def test_the_kernel_is_of_the_environment_of_the_course(server):
    status, session = ask(
        server,
        "api/sessions",
        {
            "path": "regularization/regularization.ipynb",
            "name": "",
            "type": "notebook",
            "kernel": {"name": "python3"},
        },
    )
    assert status == 201
    name = f"kernel-{session['kernel']['id']}.json"
    (connection,) = server.root.rglob(name)
    client = BlockingKernelClient(connection_file=str(connection))
    client.load_connection_file()
    client.start_channels(hb=False)  # a busy machine misses heartbeats
    client.wait_for_ready(timeout=60)
    printed = []
    client.execute_interactive(
        "import sys, os, shutil; print(sys.prefix, os.getcwd(), shutil.which('alembic'), sep='|')",
        output_hook=lambda message: printed.append(message["content"].get("text", "")),
        timeout=60,
    )
    client.stop_channels()
    prefix, folder, alembic = "".join(printed).strip().split("|")
    assert prefix == sys.prefix
    assert Path(folder) == mine(server.root).parent
    assert Path(alembic).parent == Path(sys.executable).parent


def test_validate_reads_the_course_s_configuration(server):
    path = mine(server.root).with_name("slow.ipynb")
    write_notebook(
        path,
        new_code_cell(
            "import time; time.sleep(60)",
            metadata={"nbgrader": {**TEST_MARK, "grade_id": "slow", "cell_type": "code"}},
        ),
    )
    begin = time.monotonic()
    status, answer = ask(server, "assignments/validate", {"path": "regularization/slow.ipynb"})
    assert status == 200
    assert "Timeout" in answer["value"]["failed"][0]["raw_error"]
    assert time.monotonic() - begin < 25  # 30 s are nbgrader's own limit


def test_what_a_student_has_no_use_for_is_off(server):
    assert ask(server, "formgrader/api/status")[0] == 404
    assert ask(server, "formgraders")[0] == 404
    assert ask(server, "assignments")[0] == 404
    name = "@jupyterlab/apputils-extension:notification"
    properties = ask(server, f"lab/api/settings/{name}")[1]["schema"]["properties"]
    assert properties["fetchNews"]["default"] == "false"
    with urllib.request.urlopen(server.address, timeout=60) as response:
        page = response.read().decode()
    config = json.loads(re.search(r'id="jupyter-config-data"[^>]*>(.*?)</script>', page, re.S)[1])
    for name in lab.UNUSED_LAB_EXTENSIONS + lab.CLASS_LAB_EXTENSIONS:
        assert name in config["disabledExtensions"]


@pytest.mark.parametrize("trace", ["submitted", "gradebook.db"])
def test_who_has_a_class_gets_the_formgrader_and_nobody_else(tmp_path, trace):
    assert not lab.has_class(tmp_path)
    (tmp_path / trace).mkdir()
    assert lab.has_class(tmp_path)


def test_the_formgrader_is_on_or_off_in_server_and_page_alike(tmp_path):
    for formgrader in (False, True):
        command = " ".join(lab.server_command(tmp_path, None, True, formgrader))
        settings = lab.write_settings(tmp_path, formgrader)
        page = json.loads((settings / "labconfig" / "page_config.json").read_text())
        off = page["disabledExtensions"]
        assert ("nbgrader.server_extensions.formgrader" in command) is not formgrader
        assert ("@jupyter/nbgrader:formgrader" in off) is not formgrader
        assert "@jupyter/nbgrader:assignment-list" in off


def test_it_takes_a_free_port_and_ctrl_c_stops_it_quietly(tmp_path):
    ship(tmp_path / "shipped", 1)
    root = copy_course(tmp_path / "course", tmp_path / "shipped" / "notebooks")
    with socket.socket() as other:
        with contextlib.suppress(OSError):  # busy already is as good
            other.bind(("127.0.0.1", 8888))
            other.listen()
        with running_lab(root) as server:
            os.killpg(server.pid, signal.SIGINT)
            assert server.wait(timeout=30) == 0
            printed = server.log.read_text()
    assert ":8888/" not in printed
    assert "Traceback" not in printed
    assert "[E " not in printed
    assert str(root / "work") in printed
