"""Errors that a user can mend, told without a traceback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from peer_evidence.errors import PeerEvidenceError, RecordsError


@contextmanager
def told_plainly(faults: int = 1) -> Iterator[None]:
    """Turn the errors that a user can mend into a plain message and an exit code."""
    try:
        yield
    except RecordsError as error:
        click.echo(str(error), err=True)
        sys.exit(faults)
    except PeerEvidenceError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
    except BrokenPipeError:  # whoever read has closed the pipe; the program ends without a word
        raise
    except OSError as error:
        click.echo(f"Error: {error.strerror or error}: {error.filename or ''}", err=True)
        sys.exit(2)
