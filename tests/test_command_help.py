"""What the command line says of itself, and what a shell completes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from peer_evidence.cli import main
from peer_evidence.commands import importing
from peer_evidence.commands.group import ORDER
from peer_evidence.exchange import choosing


def helped(*args: str) -> str:
    result = CliRunner().invoke(main, [*args, "--help"], prog_name="peer-evidence")
    assert result.exit_code == 0
    return result.output


def test_the_first_screen() -> None:
    assert (
        helped()
        == """\
Usage: peer-evidence [OPTIONS] COMMAND [ARGS]...

  Turn the records of an evidence review into its tallies, figures, claims and
  report.

  PATH is the folder of a review: studies.csv, outcomes.csv and whatever other
  tables it has; a workbook (.xlsx) with a sheet a table; or a .zip archive of
  the folder. Without it the bundled review is used.

  Examples:
    peer-evidence new my_review                          begin with empty tables
    peer-evidence import references.ris --out my_review  or with what you have
    peer-evidence check my_review                        every fault
    peer-evidence review my_review --out my_page         the page

Options:
  --version   Show the version and exit.
  -h, --help  Show this message and exit.

Commands:
  new         Begin a review: its tables, a guide and an extraction form.
  import      Begin a review with what another program's file holds.
  check       Check the records: list every fault, or say what was read.
  review      Build the review: tallies, pools, claims, figures, one page.
  claims      Check each statement of a text against the records.
  audit       Say which published numbers cannot all be true.
  explore     Write one page to filter, tick and re-pool the studies in.
  diff        Say which rows and results differ between two reviews.
  pack        Pack records, page, figures and tables into one archive.
  completion  Print a script with which a shell completes commands.
"""
    )


def test_every_command_has_its_place_and_examples_that_it_takes() -> None:
    assert set(main.commands) == set(ORDER)
    for name, command in main.commands.items():
        text = helped(name)
        assert max(map(len, text.splitlines())) <= 80, name
        (examples,) = re.findall(r"\n  Examples?:\n((?:    .+\n)+)", text)
        assert f"peer-evidence {name} " in examples
        known = {one for option in command.params for one in option.opts}
        for option in re.findall(r" (--[a-z-]+)", examples):
            assert option in known, (name, option)
        assert all(option.help for option in command.params if option.param_type_name == "option")


def test_the_kinds_to_import_are_those_there_are() -> None:
    assert importing.KINDS == choosing.KINDS


@pytest.fixture
def program(tmp_path: Path) -> dict[str, str]:
    """Put a peer-evidence on the path of a shell."""
    script = tmp_path / "bin" / "peer-evidence"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m peer_evidence "$@"\n')
    script.chmod(0o755)
    source = str(Path(__file__).parents[1] / "src")
    return {
        **os.environ,
        "PATH": f"{script.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": source,
        "PYTHONWARNINGS": "ignore",
    }


def test_bash_completes_commands_and_options(program: dict[str, str], tmp_path: Path) -> None:
    bash = shutil.which("bash")
    assert bash is not None
    script = """
        eval "$(peer-evidence completion bash)"
        ask() {
            COMP_WORDS=(peer-evidence "$@"); COMP_CWORD=$#; COMPREPLY=()
            _peer_evidence_completion peer-evidence
            echo "${COMPREPLY[*]}"
        }
        ask i
        ask import --t
        ask import --as r
        complete -p peer-evidence
    """
    done = subprocess.run(
        [bash, "--norc", "-c", script], env=program, capture_output=True, text=True, check=False,
        cwd=tmp_path, timeout=60,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "import",
        "--tool",
        "references risk-of-bias revman",
        "complete -o nosort -F _peer_evidence_completion peer-evidence",
    ]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_get_their_script(shell: str) -> None:
    result = CliRunner().invoke(main, ["completion", shell])
    assert result.exit_code == 0
    assert f"_PEER_EVIDENCE_COMPLETE={shell}_complete" in result.output
    assert "peer-evidence" in result.output


def test_a_shell_that_is_not_known() -> None:
    result = CliRunner().invoke(main, ["completion", "csh"])
    assert result.exit_code == 2
    assert "'csh' is not one of 'bash', 'zsh', 'fish'" in result.stderr
