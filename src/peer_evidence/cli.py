"""The command line of the toolkit: ``peer-evidence COMMAND``, each a function below."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import click

from peer_evidence import __version__
from peer_evidence.commands.completion import completion
from peer_evidence.commands.group import InOrder
from peer_evidence.commands.importing import import_
from peer_evidence.commands.plainly import told_plainly as _told_plainly

_PATH = click.argument("path", required=False, type=click.Path(path_type=Path))


@click.group(cls=InOrder, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="peer-evidence")
def main() -> None:
    """Turn the records of an evidence review into its tallies, figures, claims and report.

    PATH is the folder of a review: studies.csv, outcomes.csv and whatever other tables it has; a
    workbook (.xlsx) with a sheet a table; or a .zip archive of the folder. Without it the bundled
    review is used.

    \b
    Examples:
      peer-evidence new my_review                          begin with empty tables
      peer-evidence import references.ris --out my_review  or with what you have
      peer-evidence check my_review                        every fault
      peer-evidence review my_review --out my_page         the page
    """  # noqa: D301


main.add_command(import_)
main.add_command(completion)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--from",
    "start",
    type=click.Choice(["blank", "example"]),
    default="blank",
    show_default=True,
    help="Empty tables, or a small invented review to look at.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["csv", "xlsx"]),
    help="A CSV file a table, or one Excel workbook with words to choose from; csv when left out.",
)
def new(folder: Path, start: str, format_: str | None) -> None:
    """Begin a review: its tables, a guide and an extraction form.

    FOLDER must not be there yet, or be empty. A name that ends in .xlsx begins one workbook with a
    sheet a table instead.

    \b
    Examples:
      peer-evidence new my_review
      peer-evidence new a_look --from example     to see how it is done
      peer-evidence new my_review.xlsx
    """  # noqa: D301
    from peer_evidence.exchange.template import new_review

    with _told_plainly():
        made = new_review(folder, start, format_)
    guide = f"{made / 'README.md'}" if made.is_dir() else "its first sheet"
    click.echo(f"The review is begun in {made}; {guide} says how to go on")


@main.command()
@_PATH
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("build/review"),
    show_default=True,
    help="Folder for the page, tables and figures; an older review there is replaced whole.",
)
@click.option("--watch", is_flag=True, help="Build again whenever a table changes; Ctrl-C ends.")
def review(path: Path | None, out: Path, watch: bool) -> None:
    """Build the review: tallies, pools, claims, figures, one page.

    Beside the page it writes report.docx, report.pdf (printed by a Chromium of this machine) and
    methods.md, and says which of them could not be made. Records with a fault are not built from.

    \b
    Examples:
      peer-evidence review my_review --out my_page
      peer-evidence review my_review --watch      again at each change
    """  # noqa: D301
    from joblib import cpu_count

    from peer_evidence.report.build import review as build
    from peer_evidence.report.folder import left_out

    signal.signal(signal.SIGTERM, _stop)  # so that half a result is cleared away
    if watch:
        from peer_evidence.living.watch import watch_review

        with _told_plainly():
            watch_review(path, out, say=click.echo, warn=partial(click.echo, err=True))
        return
    with _told_plainly(), _progress() as step:
        page = build(path, out=out, n_jobs=min(4, cpu_count()), progress=step)
    click.echo(f"The review is in {page}")
    for file, why in left_out(page.parent).items():
        click.echo(f"Not made: {file} ({why}).")


@main.command()
@_PATH
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def check(path: Path | None, as_json: bool) -> None:
    """Check the records: list every fault, or say what was read.

    Exits 1 when there is a fault, 0 when there is none. A fault says where it is, what is
    allowed, and what was found.

    \b
    Examples:
      peer-evidence check my_review
      peer-evidence check my_review.xlsx --json     for a program to read
    """  # noqa: D301
    from peer_evidence.claims.validation import faults_of
    from peer_evidence.records.evidence import Evidence
    from peer_evidence.records.package import read_package

    with _told_plainly():
        package = read_package(path)
        faults = faults_of(package)
    rows = {} if faults else Evidence(package).row_counts()
    if as_json:
        found = [fault.to_dict() for fault in faults]
        click.echo(json.dumps({"ok": not found, "rows": rows, "faults": found}, indent=2))
    elif faults:
        for fault in faults:
            click.echo(str(fault))
        noun = "fault" if len(faults) == 1 else "faults"
        click.echo(f"{len(faults)} {noun}; nothing was loaded.")
    else:
        for name, count in rows.items():
            file = package.raw[name].file if package.in_files else name
            click.echo(f"{file}: {count} {'row' if count == 1 else 'rows'}")
        click.echo("No faults.")
    if faults:
        sys.exit(1)


@main.command()
@_PATH
@click.option("--json", "as_json", is_flag=True, help="Print the claims as JSON.")
def claims(path: Path | None, as_json: bool) -> None:
    """Check each statement of a text against the records.

    The statements stand in review_findings.csv, the way to check each in claims.csv.

    \b
    Examples:
      peer-evidence claims my_review
      peer-evidence claims --json           the bundled review, as JSON
    """  # noqa: D301
    from peer_evidence.claims import check_claims
    from peer_evidence.records.evidence import load

    with _told_plainly():
        result = check_claims(load(path))
    if as_json:
        click.echo(result.to_frame().to_json(orient="records", indent=2, force_ascii=False))
    else:
        click.echo(result.summary())


@main.command()
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option("--exit-code", is_flag=True, help="Exit 1 when a row differs, 0 when none does.")
def diff(old: Path, new: Path, as_json: bool, exit_code: bool) -> None:
    """Say which rows and results differ between two reviews.

    OLD and NEW are reviews as the other commands take them. Exits 0 whatever is found, unless
    --exit-code is given; 2 when one cannot be read or its records hold faults.

    \b
    Examples:
      peer-evidence diff my_review_2025 my_review
      peer-evidence diff old.zip my_review --exit-code
    """  # noqa: D301
    from peer_evidence.living.diff import diff as compare

    with _told_plainly(faults=2):
        found = compare(old, new)
    click.echo(json.dumps(found.to_dict(), indent=2) if as_json else found.summary())
    if exit_code and found.changed:
        sys.exit(1)


@main.command()
@_PATH
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("explorer.html"),
    show_default=True,
    help="The file to write, ending in .html; only an older explorer page is replaced.",
)
@click.option("--serve", is_flag=True, help="Serve the page on this machine instead.")
@click.option("--port", default=0, help="The port to serve on; a free one when left out.")
def explore(path: Path | None, out: Path, serve: bool, port: int) -> None:
    """Write one page to filter, tick and re-pool the studies in.

    \b
    Examples:
      peer-evidence explore my_review --out explorer.html
      peer-evidence explore my_review --serve     on this machine alone
    """  # noqa: D301
    from peer_evidence.explorer.page import explorer_page, write_explorer
    from peer_evidence.records.evidence import load

    with _told_plainly():
        ev = load(path)
        if not serve:
            click.echo(f"The explorer is in {write_explorer(ev, out)}")
            return
        from peer_evidence.explorer.serve import server

        with server(explorer_page(ev), port) as running:
            click.echo(f"http://127.0.0.1:{running.server_address[1]}/ (Ctrl-C stops it)")
            try:
                running.serve_forever()
            except KeyboardInterrupt:
                click.echo("")


@main.command()
@_PATH
@click.option("--json", "as_json", is_flag=True, help="Print every check as JSON.")
def audit(path: Path | None, as_json: bool) -> None:
    """Say which published numbers cannot all be true.

    PATH is a review (a folder, workbook or archive), or one CSV file with the columns of
    pooled_results or outcomes. Exits 0 whatever is found.

    \b
    Examples:
      peer-evidence audit my_review
      peer-evidence audit pooled_results.csv --json
    """  # noqa: D301
    from peer_evidence.appraisal.audit import audit as check_numbers
    from peer_evidence.records.evidence import load
    from peer_evidence.records.workbook import is_workbook
    from peer_evidence.records.zipped import is_archive

    with _told_plainly():
        if path is None or is_workbook(path) or is_archive(path):
            result = check_numbers(load(path))
        elif path.is_file() or (path.suffix.lower() == ".csv" and not path.is_dir()):
            result = check_numbers(path)
        else:
            result = check_numbers(load(path))
    if as_json:
        click.echo(result.to_frame().to_json(orient="records", indent=2, force_ascii=False))
    else:
        click.echo(result.summary())


@main.command()
@_PATH
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="The archive to write, ending in .zip; it must not be there.",
)
def pack(path: Path | None, out: Path) -> None:
    """Pack records, page, figures and tables into one archive.

    It also holds the versions that made it. The same records give the same bytes.

    \b
    Examples:
      peer-evidence pack my_review --out my_review.zip
    """  # noqa: D301
    from peer_evidence.exchange.pack import pack as write

    signal.signal(signal.SIGTERM, _stop)  # so that what is not yet packed is cleared away
    with _told_plainly():
        made = write(path, out)
    click.echo(f"The review is packed in {made}")


def _stop(number: int, frame: Any) -> None:
    sys.exit(128 + number)


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """Show a progress bar on a terminal; stay quiet in CI and in pipes."""
    if not sys.stderr.isatty() or os.environ.get("CI"):
        yield lambda what, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns: Any = (TextColumn("{task.description:24}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)

        def step(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total)

        yield step


if __name__ == "__main__":
    main()
