"""The command `course`. Each command imports what it needs when it runs: help is instant."""

from typing import Annotated

import typer

app = typer.Typer(
    help="Regularization, transfer learning and deployment: the course's own commands.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def doctor() -> None:
    """Tell what is installed, what is missing, and what to do about it."""
    from helpers import doctor

    raise typer.Exit(doctor.run())


data = typer.Typer(help="Data sets and weights: list, get, verify.", add_completion=False)
app.add_typer(data, name="data")


@data.callback(invoke_without_command=True)
def list_data(context: typer.Context) -> None:
    """List data sets and weights: what is here, where it belongs, how to carry it."""
    from helpers import materials

    if context.invoked_subcommand is None:
        raise typer.Exit(materials.list_materials())


@data.command()
def get(name: Annotated[str, typer.Argument(help="As `course data` lists it.")]) -> None:
    """Download or make one of them, with progress, unless it is here."""
    from helpers import materials

    raise typer.Exit(materials.get_material(name))


@data.command()
def verify(
    name: Annotated[str | None, typer.Argument(help="One of them; all if left out.")] = None,
) -> None:
    """Read what is here to its last byte, and tell what is whole."""
    from helpers import materials

    raise typer.Exit(materials.verify_materials(name))


@app.command()
def lab(
    port: Annotated[
        int | None, typer.Option(help="Port to listen on; a free one if not given.")
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open a browser window.")] = True,
) -> None:
    """Open a working copy of the course in JupyterLab. Never overwrites a notebook you edited."""
    from helpers import lab

    raise typer.Exit(lab.run(port=port, open_browser=browser))


@app.command()
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


@app.command()
def demo() -> None:
    """Release, hand in three sample submissions, grade them, and print the table of points."""
    from helpers.instructor import demo

    raise typer.Exit(demo.run())


@app.command()
def grade(
    assignment: Annotated[str, typer.Argument(help="Name of the assignment.")],
    student: Annotated[
        list[str] | None, typer.Option(help="Only this student; may be given several times.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Jobs at a time; one a core if not given.")
    ] = None,
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
            force=force,
            require_isolation=require_isolation,
        )
    )


def main() -> None:
    """Run the command line; turn an expected error into its message."""
    app()
