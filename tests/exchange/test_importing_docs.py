"""docs/importing.md: the commands and kinds that it names are there."""

import re
from pathlib import Path

from peer_evidence.cli import main
from peer_evidence.exchange.choosing import KINDS

TEXT = (Path(__file__).parents[2] / "docs" / "importing.md").read_text(encoding="utf-8")


def test_every_command_and_kind_it_names_is_there() -> None:
    told = set(re.findall(r"peer-evidence (\w+)", TEXT))
    assert told == {"import", "new", "check", "pack", "completion"}
    assert told <= set(main.commands)
    for kind in KINDS:
        assert f"`{kind}`" in TEXT or f"`--as {kind}`" in TEXT
