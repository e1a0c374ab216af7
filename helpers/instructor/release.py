"""The bundle for students: a zip with the notebooks and what they need, nothing of the instructor.

Whoever unpacks it can do what a student does with a clone of the course: `make lab`, or an
installation with pip and `course lab`. The same course gives the same bytes.
"""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from helpers.paths import ASSIGNMENTS, course_root

NAME = "course"  # of the folder inside
INSTRUCTORS = "instructor"  # the part of `helpers` that stays out
# What is taken as it is, and the few files that say more than a student needs.
AS_THEY_ARE = ("requirements.lock", "environment.yml", "LICENSE", "LICENSE-TEXT")
STUDENTS_OWN = Path(__file__).with_name("templates") / "bundle"
STUDENTS_TARGETS = ("help", "lab", "clean")
STUDENTS_TABLES = ("build-system", "project", "tool.setuptools")
DATE = (1980, 1, 1, 0, 0, 0)  # the same in every bundle


def run(out: Path | None = None) -> int:
    """Write the bundle and say what is in it; the command `course release`.

    Args:
        out: the file to write; `course.zip` in the current folder if None.

    Returns:
        0.
    """
    out = (out or Path(f"{NAME}.zip")).resolve()
    files = dict(bundle(course_root()))
    write(files, out)
    Console(highlight=False).print(_contents(files, out))
    return 0


def bundle(root: Path) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of each file for students.

    Args:
        root: the course's folder.

    Raises:
        FileNotFoundError: a notebook has not been derived.
    """
    for name in ASSIGNMENTS:
        path = Path("notebooks", name, f"{name}.ipynb")
        yield path.as_posix(), (root / path).read_bytes()
    for path in sorted((root / "helpers").rglob("*")):
        inside = path.relative_to(root / "helpers").parts
        if path.is_file() and inside[0] != INSTRUCTORS and "__pycache__" not in inside:
            yield path.relative_to(root).as_posix(), path.read_bytes()
    for name in AS_THEY_ARE:
        yield name, (root / name).read_bytes()
    for path in sorted(STUDENTS_OWN.iterdir()):
        yield path.name, path.read_bytes()
    yield "Makefile", students_makefile((root / "Makefile").read_text(encoding="utf-8")).encode()
    project = (root / "pyproject.toml").read_text(encoding="utf-8")
    yield "pyproject.toml", students_project(project).encode()


def students_makefile(text: str) -> str:
    """Return the Makefile without the targets that need what students do not get."""
    blocks = text.split("\n\n")
    targets = (re.match(r"\.PHONY: ([a-z-]+)", block) for block in blocks)
    return "\n\n".join(
        block
        for block, target in zip(blocks, targets, strict=True)
        if (not target or target[1] in STUDENTS_TARGETS) and "PARALLEL" not in block
    )


def students_project(text: str) -> str:
    """Return pyproject.toml without the tables of the instructor and of the course's own tools."""
    tables = re.split(r"(?m)^(?=\[)", text)
    names = (re.match(r"\[([a-z-]+(?:\.setuptools|))", table) for table in tables)
    return "".join(
        table
        for table, name in zip(tables, names, strict=True)
        if not name or (name[1] in STUDENTS_TABLES and "entry-points" not in table.split("\n")[0])
    )


def write(files: dict[str, bytes], out: Path) -> None:
    """Write the zip, whole or not at all."""
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f".{out.name}.partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(f"{NAME}/{name}", DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    partial.replace(out)


def _contents(files: dict[str, bytes], out: Path) -> Table:
    """Return what is in the bundle, by its topmost folders."""
    groups: dict[str, list[int]] = {}
    for name, content in files.items():
        first, _, rest = name.partition("/")
        groups.setdefault(f"{first}/" if rest else first, []).append(len(content))
    table = Table(
        title=f"{out}, {out.stat().st_size / 1e6:.1f} MB",
        caption="Left out: helpers/instructor, solutions, tests, submissions, grades.",
    )
    table.add_column("in it")
    table.add_column("files", justify="right")
    table.add_column("kB", justify="right")
    for group, sizes in groups.items():
        table.add_row(group, str(len(sizes)), f"{sum(sizes) / 1e3:,.0f}")
    return table
