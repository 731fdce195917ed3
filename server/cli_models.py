"""`rhapsode models`."""

import typer

models = typer.Typer(help="Which model serves which task, and fetching them.", no_args_is_help=True)


@models.callback()
def about() -> None:
    """Models."""
