"""`rhapsode tool`."""

import typer

tools = typer.Typer(help="Which model serves which task, and fetching them.", no_args_is_help=True)


@tools.callback()
def about() -> None:
    """Models."""
