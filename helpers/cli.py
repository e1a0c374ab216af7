"""The command `course`. Each command imports what it needs when it runs: help is instant."""

from importlib.util import find_spec
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
    formgrader: Annotated[
        bool | None,
        typer.Option(help="For instructors: show the class. Without it: if there is one."),
    ] = None,
) -> None:
    """Open a working copy of the course in JupyterLab. Never overwrites a notebook you edited."""
    from helpers import lab

    raise typer.Exit(lab.run(port=port, open_browser=browser, formgrader=formgrader))


@app.command()
def serve(
    model: Annotated[
        str, typer.Argument(help="Folder of an artifact, as deployment.export_model makes it.")
    ],
    host: Annotated[
        str, typer.Option(help="Address to listen on; by default, only this computer reaches it.")
    ] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(help="Port to listen on; 8000 or a free one if not given.")
    ] = None,
) -> None:
    """Answer over HTTP with an exported model: an image in, classes and probabilities out."""
    from helpers.deployment import server

    raise typer.Exit(server.run(model, host=host, port=port))


# What students get has no part for instructors, and then no commands of theirs.
if find_spec("helpers.instructor"):
    from helpers.instructor import commands

    commands.add_to(app)


def main() -> None:
    """Run the command line; turn an expected error into its message."""
    app()
