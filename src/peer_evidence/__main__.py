"""``python -m peer_evidence``: the command line."""

from peer_evidence.cli import main

main(prog_name="peer-evidence")
