"""What a column and a table are, before any is named."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what a cell holds and what is allowed in it.

    Attributes
    ----------
    name : str
        Its name in the header.
    kind : str
        ``key``, ``text``, ``integer``, ``number``, ``category``, ``date`` or ``list``.
    required : bool
        Whether the column must be there and no cell may be empty.
    unit : str
        The unit of a number, in words.
    words : tuple of str
        The vocabularies whose words are allowed, of the method or of the topic.
    references : str
        ``table.column`` that must hold the value (each item of a list).
    minimum, maximum : float or None
        Bounds of a number, both included.
    positive : bool
        Whether zero, too, is out of bounds.
    description : str
        What the column says, in words that hold for every topic.
    """

    name: str
    kind: str = "text"
    required: bool = False
    unit: str = ""
    words: tuple[str, ...] = ()
    references: str = ""
    minimum: float | None = None
    maximum: float | None = None
    positive: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its file, its key and its columns."""

    name: str
    one_row_is: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    required: bool = False

    @property
    def file(self) -> str:
        """The file of the table, relative to the package."""
        return f"{self.name}.csv"

    def column(self, name: str) -> Column:
        """Give a column by its name."""
        return next(column for column in self.columns if column.name == name)
