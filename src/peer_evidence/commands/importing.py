"""The command that begins a review with what another program's file holds."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from peer_evidence.commands.plainly import told_plainly

KINDS = ("references", "risk-of-bias", "revman", "cochrane")


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The folder of the review to begin; it must not be there. Without it nothing is written.",
)
@click.option(
    "--as",
    "kind",
    type=click.Choice(KINDS),
    help="What the file is; by its ending and first line when left out.",
)
@click.option("--tool", help="What risk of bias was judged with, such as 'RoB 2' or 'ROBINS-I'.")
def import_(file: Path, out: Path | None, kind: str | None, tool: str | None) -> None:
    """Begin a review with what another program's file holds.

    FILE is one of: references in RIS or BibTeX; a review of Review Manager (.rm5); the data
    package of a Cochrane review (.zip, a folder or one of its CSV files); a table of risk of bias
    as robvis has it (CSV or .xlsx, with --tool).

    What the file does not say stays empty. What could not be taken is listed with its place, the
    rest is written all the same; then the exit code is 1.

    \b
    Examples:
      peer-evidence import references.ris --out my_review
      peer-evidence import review.rm5                   look at it, write nothing
      peer-evidence import rob.csv --tool 'RoB 2' --out my_review
    """  # noqa: D301
    from peer_evidence.exchange.choosing import read_other

    with told_plainly():
        held = read_other(file, kind, tool)
        click.echo(held.summary())
        rows = sum(len(frame) for name, frame in held.tables.items() if name != "package")
        if not rows:
            click.echo("Nothing could be taken, so nothing was written.")
        elif out is None:
            click.echo("Nothing was written; --out FOLDER begins a review with it.")
        else:
            made = held.write(out)
            click.echo(
                f"The review is begun in {made}; import.md there says this again. "
                f"peer-evidence check {made} lists what is to be filled."
            )
    if held.faults or not rows:
        sys.exit(1)
