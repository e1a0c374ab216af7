"""The instructor's part of the command `course`; each imports what it needs when it runs."""

from pathlib import Path
from typing import Annotated

import typer

Assignment = Annotated[str, typer.Argument(help="Name of the assignment.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (build, demo, release, grade, report):
        app.command()(command)


def build(
    check: Annotated[
        bool, typer.Option(help="Change nothing; fail when anything is stale.")
    ] = False,
    execute: Annotated[
        bool, typer.Option(help="Run the solutions and store their outputs.")
    ] = False,
) -> None:
    """Derive every notebook from solutions/*/*.py."""
    from helpers.instructor import build

    raise typer.Exit(build.run(check=check, execute=execute))


def demo() -> None:
    """Release, hand in three sample submissions, grade them, and print the table of points."""
    from helpers.instructor import demo

    raise typer.Exit(demo.run())


def release(
    out: Annotated[
        Path | None, typer.Option(help="The file to write; course.zip here if not given.")
    ] = None,
) -> None:
    """Make the bundle for students: notebooks and helpers, and nothing of the instructor."""
    from helpers.instructor import release

    raise typer.Exit(release.run(out))


def grade(
    assignment: Assignment,
    student: Annotated[
        list[str] | None, typer.Option(help="Only this student; may be given several times.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Jobs at a time; one a core if not given.")
    ] = None,
    collect: Annotated[
        bool, typer.Option(help="First collect what is new in nbgrader's exchange.")
    ] = False,
    force: Annotated[bool, typer.Option(help="Run everything again.")] = False,
    require_isolation: Annotated[
        bool, typer.Option(help="Refuse to run student code that cannot be isolated.")
    ] = False,
) -> None:
    """Grade what stands in submitted/: isolated, side by side; goes on where it stopped."""
    from helpers.instructor import grade

    raise typer.Exit(
        grade.run(
            assignment,
            students=student or (),
            count=workers,
            collect=collect,
            force=force,
            require_isolation=require_isolation,
        )
    )


def report(assignment: Assignment) -> None:
    """Write what the class made of an assignment: one page, and tables as CSV."""
    from helpers.instructor import report

    raise typer.Exit(report.run(assignment))
