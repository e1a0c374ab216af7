"""Derive every notebook from `solutions/<assignment>/<assignment>.py`.

    solutions/*.py --jupytext--> solutions/*.ipynb --nbgrader--> notebooks/*.ipynb --jupytext--> .py

And the page of all findings from the checks.

Everything but the outputs of the executed solutions is the same, byte for byte, whenever and
wherever it is derived.
"""

import hashlib
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbformat import NotebookNode
from rich.console import Console

from helpers.embedded import dataset
from helpers.instructor import findings
from helpers.paths import ASSIGNMENTS, course_root
from helpers.quiet import import_tensorflow

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
# Written into an executed solution: the hash of the sources that its outputs came from.
OUTPUTS_FROM = "outputs_from"


def run(check: bool = False, execute: bool = False) -> int:
    """Derive the notebooks; the command `course build`.

    Args:
        check: write nothing; report what is stale.
        execute: run the solutions and store their outputs.

    Returns:
        0, or 1 if `check` found something stale.
    """
    console = Console()
    root = course_root()
    with tempfile.TemporaryDirectory(prefix="course-build-") as folder:
        fresh = Path(folder)
        derive(root, fresh, execute=execute)
        derive_page(fresh)
        stale = stale_files(root, fresh)
        if check:
            return _tell_what_is_stale(console, stale, outputs_of_other_sources(root))
        for path in stale:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(fresh / path, root / path)
            console.print(f"wrote {path}")
        if not stale:
            console.print("Nothing to do: everything is up to date.")
    return 0


def _tell_what_is_stale(console: Console, stale: list[Path], outputs: list[Path]) -> int:
    for path in stale:
        console.print(f"stale: {path}", soft_wrap=True)
    for path in outputs:
        console.print(f"outputs of other sources: {path}", soft_wrap=True)
    if stale:
        console.print("Edit solutions/*/*.py or helpers/checks/*.py, then run `make notebooks`.")
    if outputs:
        console.print("Run `course build --execute` to refresh the outputs.")
    if not stale and not outputs:
        console.print("Everything is up to date.")
    return int(bool(stale or outputs))


def stale_files(root: Path, fresh: Path) -> list[Path]:
    """Return the derived files of the course in `root` that differ from those in `fresh`."""
    return [
        path
        for path in derived_files()
        if not (root / path).is_file() or (root / path).read_bytes() != (fresh / path).read_bytes()
    ]


def derived_files() -> list[Path]:
    """Return the paths of all derived files, relative to the course's folder."""
    return [*derived_notebooks(), findings.PAGE]


def derived_notebooks() -> list[Path]:
    """Return the paths of the derived notebooks and scripts, relative to the course's folder."""
    return [
        path
        for name in ASSIGNMENTS
        for path in (
            Path("solutions", name, f"{name}.ipynb"),
            Path("notebooks", name, f"{name}.ipynb"),
            Path("notebooks", name, f"{name}.py"),
        )
    ]


def derive(root: Path, fresh: Path, *, execute: bool = False) -> None:
    """Write all derived notebooks of the course in `root` into the folder `fresh`."""
    shutil.copyfile(root / "nbgrader_config.py", fresh / "nbgrader_config.py")
    shutil.copyfile(root / "jupytext.toml", fresh / "jupytext.toml")
    for name in ASSIGNMENTS:
        source = root / "solutions" / name / f"{name}.py"
        solution = read_solution(source)
        target = fresh / "solutions" / name / f"{name}.ipynb"
        target.parent.mkdir(parents=True)
        if execute:
            _execute(solution, source)
        else:
            _keep_outputs(solution, root / "solutions" / name / f"{name}.ipynb")
        nbformat.write(solution, target)
    release(fresh)


def derive_page(fresh: Path) -> None:
    """Write the page of all findings into the folder `fresh`, where the solutions were derived."""
    target = fresh / findings.PAGE
    target.parent.mkdir(parents=True)
    target.write_text(findings.page(fresh), encoding="utf-8")


def read_solution(path: Path) -> NotebookNode:
    """Read a solution's script as a notebook with ids that only depend on its cells."""
    notebook = jupytext.read(path, fmt="py:percent")
    notebook.metadata = NotebookNode(kernelspec=KERNEL, language_info={"name": "python"})
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    seen: Counter[str] = Counter()
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name is None:
            name = hashlib.sha256(cell.source.encode()).hexdigest()[:8]
            seen[name] += 1
            name = f"{name}-{seen[name]}"
        else:
            cell.metadata.nbgrader.setdefault("schema_version", 3)
        cell.id = name
    return notebook


def release(course: Path) -> None:
    """Let nbgrader derive the student version of every assignment in the folder `course`.

    Raises:
        RuntimeError: nbgrader could not; with its log.
    """
    from nbgrader.apps import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config.loader import PyFileConfigLoader

    config = PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config()
    config.CourseDirectory.root = str(course)
    api = NbGraderAPI(CourseDirectory(config=config), config=config)
    for name in ASSIGNMENTS:
        result = api.generate_assignment(name, force=True)
        if not result["success"]:
            raise RuntimeError(f"nbgrader could not release {name}:\n{result['log']}")


def finish_released_notebook(assignment: str, **_: Any) -> None:
    """Write the paired script of a released notebook, in the course that is the current folder.

    Called by nbgrader as `GenerateAssignment.post_convert_hook`.
    """
    notebook = Path("notebooks", assignment, f"{assignment}.ipynb")
    config = jupytext.config.load_jupytext_config(str(notebook.resolve()))
    released = nbformat.read(notebook, as_version=4)
    released.metadata.pop(OUTPUTS_FROM, None)  # a student's notebook has no outputs
    nbformat.write(released, notebook)
    script = jupytext.writes(released, fmt="py:percent", config=config)
    notebook.with_suffix(".py").write_text(script, encoding="utf-8")


def sources_hash(notebook: NotebookNode) -> str:
    """Return a hash of the cells' ids, kinds and sources."""
    digest = hashlib.sha256()
    for cell in notebook.cells:
        digest.update(repr((cell.id, cell.cell_type, cell.source)).encode())
    return digest.hexdigest()


def _keep_outputs(notebook: NotebookNode, previous: Path) -> None:
    """Take the outputs over from the stored notebook, for the cells that are still the same."""
    if not previous.is_file():
        return
    stored = nbformat.read(previous, as_version=4)
    notebook.metadata.update(
        {key: value for key, value in stored.metadata.items() if key == OUTPUTS_FROM}
    )
    outputs = {(cell.id, cell.source): cell for cell in stored.cells if cell.cell_type == "code"}
    for cell in notebook.cells:
        if cell.cell_type == "code" and (match := outputs.get((cell.id, cell.source))):
            cell.outputs, cell.execution_count = match.outputs, match.execution_count


def _execute(notebook: NotebookNode, source: Path) -> None:
    """Run a solution, and remember which sources the outputs came from."""
    from nbclient import NotebookClient
    from nbconvert.preprocessors import CoalesceStreamsPreprocessor
    from rich.progress import Progress

    cells = sum(cell.cell_type == "code" for cell in notebook.cells)
    import_tensorflow()
    dataset.prepare(progress=False)  # or its progress bar would be among the outputs
    with Progress() as progress, tempfile.TemporaryDirectory() as folder:
        task = progress.add_task(f"running {source.name}", total=cells)
        client = NotebookClient(
            notebook,
            timeout=None,
            extra_arguments=["--log-level=40"],  # errors only
            resources={"metadata": {"path": folder}},
            skip_cells_with_tag="hand-in",
            on_cell_executed=lambda **_: progress.advance(task),
        )
        client.execute()
    CoalesceStreamsPreprocessor().preprocess(notebook, {})
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # time stamps
        if cell.cell_type == "code":
            cell.outputs = [each for each in cell.outputs if not _is_progress_bar(each)]
    notebook.metadata = NotebookNode(kernelspec=KERNEL, language_info={"name": "python"})
    notebook.metadata[OUTPUTS_FROM] = sources_hash(notebook)


def _is_progress_bar(output: NotebookNode) -> bool:
    """Tell whether an output is a widget of rich, of which nothing is seen without its kernel."""
    return output.get("data", {}).get("text/plain", "").startswith("Output()")


def outputs_of_other_sources(root: Path) -> list[Path]:
    """Return the executed solutions whose outputs came from other sources than they hold now."""
    stale = []
    for name in ASSIGNMENTS:
        path = Path("solutions", name, f"{name}.ipynb")
        if (root / path).is_file():
            notebook = nbformat.read(root / path, as_version=4)
            if notebook.metadata.get(OUTPUTS_FROM) != sources_hash(notebook):
                stale.append(path)
    return stale
