"""What the figures accept: a frame, or a result that gives one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, ParamSpec, Protocol, TypeVar

import pandas as pd

from peer_evidence.checks import check_columns
from peer_evidence.errors import InputError
from peer_evidence.figures.style import plain, style
from peer_evidence.formatting import words

P = ParamSpec("P")
R = TypeVar("R")
Labels = Mapping[str, str] | None


class GivesFrame(Protocol):
    """A result: whatever gives its numbers as a frame."""

    def to_frame(self) -> pd.DataFrame:
        """Give the numbers as a frame."""


FrameLike = pd.DataFrame | GivesFrame


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Let a function draw in the style of the package."""

    @wraps(draw)
    def in_style(*args: P.args, **kwargs: P.kwargs) -> R:
        check_favours(kwargs.get("favours"))
        with style():
            return draw(*args, **kwargs)

    return in_style


def check_favours(favours: Any) -> None:
    """Refuse sides that are no pair of names: each figure writes "favours" before them itself.

    Raises
    ------
    InputError
        If it is no pair of texts, or one begins with the word that is written anyway.
    """
    if favours is None:
        return
    pair = not isinstance(favours, str) and isinstance(favours, Sequence) and len(favours) == 2
    if not pair or not all(isinstance(one, str) for one in favours):
        raise InputError(
            f"favours: found {favours!r}, allowed are two texts, whom the left and the right side "
            "favour, such as ('waiting list', 'tutoring')"
        )
    for one in favours:
        rest = re.sub(r"^\s*favou?rs?\b\s*", "", one, flags=re.IGNORECASE)
        if rest != one.lstrip():
            raise InputError(
                f"favours: found {one!r}, allowed is the name alone, {rest!r}: the figure writes "
                '"favours" before it'
            )


def as_frame(name: str, given: Any, needed: tuple[str, ...] = ()) -> pd.DataFrame:
    """Give the frame of a result or a frame itself, with the columns a figure needs.

    Raises
    ------
    InputError
        If it is neither, lacks a column or has no row.
    """
    if isinstance(given, pd.DataFrame):
        frame = given
    elif hasattr(given, "to_frame"):
        frame = given.to_frame()
    else:
        raise InputError(
            f"{name}: found {type(given).__name__}, allowed is a DataFrame or a result with "
            "to_frame()"
        )
    check_columns(frame.columns, needed, name)
    if frame.empty:
        raise InputError(f"{name}: the table has no row, so there is nothing to draw")
    return frame


def check_labels(labels: Any) -> Mapping[str, str]:
    """Give the labels as a mapping, empty when left out, else raise InputError."""
    if labels is None or isinstance(labels, Mapping):
        return labels or {}
    raise InputError(
        f"labels: found {type(labels).__name__}, allowed is a mapping from a code to its label, "
        "such as {'qol': 'Quality of life'}"
    )


def labelled(labels: Labels, code: Any) -> str:
    """Give a code as readers see it: its label, else its words with a capital.

    Examples
    --------
    >>> labelled({"qol": "Quality of life"}, "qol"), labelled(None, "self_stigma")
    ('Quality of life', 'Self stigma')
    """
    text = plain(check_labels(labels).get(str(code), words(str(code))))
    return text[:1].upper() + text[1:]


def sentence_list(parts: list[str]) -> str:
    """Join parts the way a sentence lists them.

    Examples
    --------
    >>> sentence_list(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def named_sides(source: Any, favours: tuple[str, str] | None) -> tuple[str, str]:
    """Give whom the left and the right side favour: as told, else as the records call them.

    Examples
    --------
    >>> named_sides(None, None), named_sides(None, ("waiting", "tutoring"))
    (('the comparison', 'the intervention'), ('waiting', 'tutoring'))
    """
    if favours is not None:
        return favours
    if isinstance(source, pd.DataFrame):  # its columns are no names of sides
        return "the comparison", "the intervention"
    package = getattr(source, "package", {})
    named = package.get("intervention") or getattr(source, "intervention", "the intervention")
    return str(package.get("comparison") or "the comparison"), str(named)
