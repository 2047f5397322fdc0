"""The command that lets a shell complete the others."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

PROGRAM = "peer-evidence"
_VARIABLE = "_PEER_EVIDENCE_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print a script with which a shell completes commands.

    It completes options and the names of files, too.

    \b
    Examples:
      eval "$(peer-evidence completion bash)"     in ~/.bashrc
      eval "$(peer-evidence completion zsh)"      in ~/.zshrc, after compinit
      peer-evidence completion fish | source      in ~/.config/fish/config.fish
    """  # noqa: D301
    found = get_completion_class(shell)
    if found is None:  # a version of click without this shell
        raise click.ClickException(f"this click has no completion for {shell}")
    group = context.find_root().command
    # its template as it stands: source() would start a shell to ask for its version
    maker = found(group, {}, PROGRAM, _VARIABLE)
    click.echo(maker.source_template % maker.source_vars())
