"""`course lab`: the student's working copy, and JupyterLab on it.

`notebooks/` belongs to the course and changes with it; `work/` belongs to the student. Notebooks
go from the first to the second, and one that the student edited is never written to.

Where there is a class, JupyterLab shows nbgrader's formgrader and the whole folder of the course.
"""

import hashlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
from itertools import count
from pathlib import Path

from helpers import ports
from helpers.paths import ASSIGNMENTS, course_root

# Where `work/` keeps what is not the student's: hidden, so that the file browser does not show it.
PRIVATE = ".course"

# Server extensions that nobody here has a use for. The lists are for courses with an exchange, and
# write errors to the terminal where there is none; Jupytext would write a script beside every
# notebook that is saved.
UNUSED_SERVER_EXTENSIONS = (
    "nbgrader.server_extensions.assignment_list",
    "nbgrader.server_extensions.course_list",
    "jupyterlab_jupytext",
)
UNUSED_LAB_EXTENSIONS = (
    "@jupyter/nbgrader:assignment-list",
    "@jupyter/nbgrader:course-list",
    "@jupyter/nbgrader:create-assignment",
    "@jupyterlab/apputils-extension:announcements",
    "jupyterlab-jupytext",
)
# Those that only an instructor with a class has a use for.
CLASS_SERVER_EXTENSIONS = ("nbgrader.server_extensions.formgrader",)
CLASS_LAB_EXTENSIONS = ("@jupyter/nbgrader:menu", "@jupyter/nbgrader:formgrader")

# Variables with which a user, or a notebook that calls `course lab`, would change this server.
USER_VARIABLES = (
    "JPY_SESSION_NAME",
    "JUPYTERLAB_SETTINGS_DIR",
    "JUPYTERLAB_WORKSPACES_DIR",
    "JUPYTER_CONFIG_PATH",
    "JUPYTER_NO_CONFIG",
    "JUPYTER_PATH",
    "JUPYTER_RUNTIME_DIR",
)


class DamagedNotebookError(ValueError):
    """The file does not read as a Jupyter notebook."""


class DamagedCourseError(RuntimeError):
    """The course itself lacks a notebook, or has one that does not read."""


def read_notebook(path: Path) -> list[dict]:
    """Return the cells of the notebook in a file.

    Each is a dict with `cell_type`, `source` (one string) and `nbgrader` (its mark, or None).

    It reads the JSON itself: nbformat takes seconds to import, and a student waits for this.

    Raises:
        FileNotFoundError: there is no such file.
        DamagedNotebookError: it is no notebook; the message holds the reason.
    """
    return parse_notebook(path.read_bytes(), path)


def parse_notebook(content: bytes, path: Path) -> list[dict]:
    """Return the cells of a notebook that was read from `path`; as `read_notebook`."""
    try:
        notebook = json.loads(content)
        if notebook["nbformat"] != 4:
            raise ValueError(f"its format is {notebook['nbformat']}, not 4")
        return [
            {
                "cell_type": cell["cell_type"],
                "source": "".join(cell["source"]),
                "nbgrader": cell["metadata"].get("nbgrader"),
            }
            for cell in notebook["cells"]
        ]
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        reason = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise DamagedNotebookError(f"{path} does not read as a notebook: {reason}") from error


def fingerprint(path: Path) -> str:
    """Return a hash of what makes a notebook's version: its cells' sources and nbgrader's marks.

    Outputs do not count, nor what JupyterLab writes into the metadata, nor empty cells: it adds
    one after the last cell when that is run.

    Raises:
        FileNotFoundError, DamagedNotebookError: as `read_notebook`.
    """
    cells = [cell for cell in read_notebook(path) if cell["source"].strip()]
    return hashlib.sha256(json.dumps(cells, sort_keys=True).encode()).hexdigest()


def update_working_copy(root: Path) -> list[str]:
    """Bring `work/` up to date with `notebooks/`, and never write to an edited notebook.

    A missing notebook is copied. An unedited one is replaced when the course has a newer version.
    An edited one stays as it is, and a newer version is put beside it under another name, once.
    A damaged one stays as it is.

    Args:
        root: the folder of the course.

    Returns:
        What the student should know, a list of sentences.

    Raises:
        DamagedCourseError: one of the course's own notebooks is missing or damaged.
        OSError: a file cannot be read or written.
    """
    record_path = root / "work" / PRIVATE / "shipped.json"
    record = _read_record(record_path)
    messages = []
    for assignment in ASSIGNMENTS:
        shipped = root / "notebooks" / assignment / f"{assignment}.ipynb"
        try:
            newest = fingerprint(shipped)
        except (FileNotFoundError, DamagedNotebookError) as error:
            raise DamagedCourseError(
                f"The course's own notebook is missing or damaged: {error}. Get it back with "
                "`git checkout -- notebooks`, or derive it from its solution with `course build`."
            ) from error
        mine = root / "work" / assignment / f"{assignment}.ipynb"
        if message := _update_one(shipped, mine, newest, record.get(assignment)):
            messages.append(message)
        record[assignment] = newest
        write_file(record_path, json.dumps(record, indent=2).encode())
    return messages


def _update_one(shipped, mine, newest, seen):
    """Update one notebook; `newest` and `seen` are hashes of the course's version now and then."""
    if not mine.exists():
        write_file(mine, shipped.read_bytes())
        return f"Made {mine}."
    try:
        current = fingerprint(mine)
    except DamagedNotebookError as error:
        return (
            f"{error}. It was left as it is. To begin again, rename it and run `course lab` "
            "once more; your last handed-in copy, if there is one, is in hand_in/ beside it."
        )
    if current == newest:
        return None
    if current == seen:
        write_file(mine, shipped.read_bytes())
        return f"Updated {mine}: the course has a newer version, and you had not edited yours."
    if newest == seen:
        return None
    beside = free_name(mine, "new")
    write_file(beside, shipped.read_bytes())
    return (
        f"The course has a newer version of {mine.name}. You edited yours, so it was left as it "
        f"is; the new one is beside it: {beside}."
    )


def free_name(path: Path, word: str) -> Path:
    """Return the first of `name-word.ipynb`, `name-word-2.ipynb`, ... that does not exist."""
    candidates = (
        path.with_name(f"{path.stem}-{word}{'' if number == 1 else f'-{number}'}{path.suffix}")
        for number in count(1)
    )
    return next(candidate for candidate in candidates if not candidate.exists())


def _read_record(path):
    """Return the hashes of the versions last seen; without them every copy counts as edited."""
    try:
        record = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.write_bytes(content)
    unfinished.replace(path)


def has_class(root: Path) -> bool:
    """Tell whether this is an instructor's folder: something was handed in, or graded."""
    graders = importlib.util.find_spec("helpers.instructor")
    return bool(graders) and any((root / name).exists() for name in ("submitted", "gradebook.db"))


def write_settings(work: Path, formgrader: bool = False) -> Path:
    """Write the settings of this JupyterLab into `work/`, apart from the user's own ones.

    Args:
        work: the folder of the working copy.
        formgrader: whether to show nbgrader's formgrader.

    Returns:
        The folder that Jupyter takes as its configuration folder.
    """
    folder = work / PRIVATE / ("class" if formgrader else "jupyter")
    unused = UNUSED_LAB_EXTENSIONS + (() if formgrader else CLASS_LAB_EXTENSIONS)
    disabled = {name: True for name in unused}
    files = {
        "labconfig/page_config.json": {"disabledExtensions": disabled},
        "labconfig/default_setting_overrides.json": {
            # Asks nothing of the network and has no pop-up to show.
            "@jupyterlab/apputils-extension:notification": {
                "fetchNews": "false",
                "checkForUpdates": False,
                "doNotDisturbMode": True,
            },
            # Whoever runs a cell before the kernel is there is not asked which one.
            "@jupyterlab/notebook-extension:tracker": {"autoStartDefaultKernel": True},
        },
    }
    for name, settings in files.items():
        write_file(folder / name, json.dumps(settings, indent=2).encode())
    if not formgrader:
        _write_first_layout(folder / "lab" / "workspaces")
    return folder


def _write_first_layout(folder):
    """Write the layout that JupyterLab opens with, unless it has kept one from an earlier run."""
    # The file's name is JupyterLab's, for the workspace `default`: 37a8 begins its SHA-256.
    path = folder / "default-37a8.jupyterlab-workspace"
    if path.exists():
        return
    first = f"{ASSIGNMENTS[0]}/{ASSIGNMENTS[0]}.ipynb"
    notebook = f"notebook:{first}"
    data = {
        "layout-restorer:data": {
            "main": {
                "dock": {"type": "tab-area", "currentIndex": 0, "widgets": [notebook]},
                "current": notebook,
            },
            "left": {"visible": True, "current": "filebrowser", "widgets": ["filebrowser"]},
            "relativeSizes": [0.2, 0.8, 0],
        },
        notebook: {"data": {"path": first, "factory": "Notebook"}},
        "file-browser-filebrowser:cwd": {"path": ""},
    }
    write_file(path, json.dumps({"data": data, "metadata": {"id": "default"}}).encode())


def server_environment(settings: Path) -> dict[str, str]:
    """Return the environment of the server: this Python's programs, kernels and settings first.

    Args:
        settings: the configuration folder that `write_settings` made.
    """
    environment = dict(os.environ)
    # nbgrader looks for its programs on PATH.
    programs = Path(sys.executable).parent
    environment["PATH"] = os.pathsep.join([str(programs), environment.get("PATH", os.defpath)])
    for name in USER_VARIABLES:
        environment.pop(name, None)
    environment["JUPYTER_CONFIG_DIR"] = str(settings)
    environment["JUPYTER_DATA_DIR"] = str(settings / "data")
    # The kernel `python3` is this environment's, whatever others the user has installed.
    environment["JUPYTER_PREFER_ENV_PATH"] = "1"
    return environment


def server_command(
    folder: Path, port: int | None, open_browser: bool, formgrader: bool = False
) -> list[str]:
    """Return the command that starts JupyterLab on a folder, a list of strings.

    Args:
        folder: the folder that it shows.
        port: a port, or None for a free one.
        open_browser: whether the server opens a browser window.
        formgrader: whether it has nbgrader's formgrader.
    """
    unused = UNUSED_SERVER_EXTENSIONS + (() if formgrader else CLASS_SERVER_EXTENSIONS)
    off = {name: False for name in unused}
    command = [
        *(sys.executable, "-m", "jupyterlab"),
        f"--ServerApp.root_dir={folder}",
        f"--ServerApp.jpserver_extensions={off}",
        # Jupyter refuses to run as root otherwise, and in a container one often is.
        "--ServerApp.allow_root=True",
        "--ServerApp.log_level=ERROR",
        "--LabApp.log_level=ERROR",
    ]
    if port is not None:
        command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    if not open_browser:
        command.append("--ServerApp.open_browser=False")
    return command


def _why_not(port):
    """Return why JupyterLab cannot be started here, and what to do about it; None if it can."""
    if importlib.util.find_spec("jupyterlab") is None:
        return (
            "JupyterLab is not installed in this environment. Install it with "
            "`pip install -e '.[lab]'` in the folder of the course."
        )
    return ports.why_not(port)


def run(port: int | None = None, open_browser: bool = True, formgrader: bool | None = None) -> int:
    """Update the working copy and run JupyterLab on it until Ctrl+C.

    Args:
        port: the port to listen on; None takes a free one.
        open_browser: whether to open a browser window.
        formgrader: whether to show nbgrader's formgrader, and the whole folder of the course; None
            does so where there is a class.

    Returns:
        The exit status: 0 after Ctrl+C, 1 when something is wrong, which is then printed.
    """
    if reason := _why_not(port):
        print(f"{reason}\nJupyterLab was not started.", file=sys.stderr)
        return 1
    try:
        root = course_root()
        for message in update_working_copy(root):
            print(message)
        if formgrader is None:
            formgrader = has_class(root)
        settings = write_settings(root / "work", formgrader)
    except (DamagedCourseError, OSError) as error:
        print(f"{error}\nJupyterLab was not started.", file=sys.stderr)
        return 1
    folder = root if formgrader else root / "work"
    what = "the course, with the formgrader for your class" if formgrader else "your working copy"
    print(f"JupyterLab opens {what}: {folder}. Ctrl+C stops it.", flush=True)
    return _serve(
        server_command(folder, port, open_browser, formgrader),
        cwd=root,  # where nbgrader's Validate looks for nbgrader_config.py
        environment=server_environment(settings),
    )


def _serve(command, cwd, environment):
    """Run the server until it ends by itself or somebody stops this program."""
    for name in ("SIGTERM", "SIGHUP"):  # a closed terminal ends like Ctrl+C
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)
    # In a session of its own the server does not get Ctrl+C, on which it would ask a question, or
    # hang if a kernel is just starting. It gets SIGTERM instead, on which it stops cleanly.
    with subprocess.Popen(command, cwd=cwd, env=environment, start_new_session=True) as server:
        try:
            return server.wait()
        except KeyboardInterrupt:
            server.terminate()
        try:
            server.wait(timeout=10)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            server.kill()
    return 0
