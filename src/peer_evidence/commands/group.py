"""Commands in the order of work, not of the alphabet."""

from __future__ import annotations

import click

ORDER = (
    *("new", "import", "check", "review", "claims", "audit", "explore", "diff", "pack"),
    "completion",
)


class InOrder(click.Group):
    """A group that lists its commands in the order in which they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the names; one that has no place in the order comes before the last."""
        names = super().list_commands(ctx)
        place = {name: position for position, name in enumerate(ORDER)}
        return sorted(names, key=lambda name: place.get(name, len(ORDER) - 1.5))
