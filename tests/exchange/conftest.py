"""The invented example as a workbook that a test spoils in one place."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import peer_evidence as pe


class Book:
    """The example as a workbook of openpyxl, with its cells by table, column and row."""

    def __init__(self, path: Path) -> None:
        self.path = path
        folder = pe.new_review(path.parent / "made", "example", "xlsx")
        self.book = openpyxl.load_workbook(folder / "made.xlsx")

    def cell(self, table: str, column: str, row: int) -> Any:
        sheet = self.book[table]
        return next(sheet.cell(row, head.column) for head in sheet[1] if head.value == column)

    def put(self, table: str, column: str, row: int, value: Any, shown: str | None = None) -> None:
        cell = self.cell(table, column, row)
        cell.value = value
        if shown is not None:
            cell.number_format = shown

    def faults(self) -> list[str]:
        self.book.save(self.path)
        return [str(fault) for fault in pe.validate(self.path)]


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path / "mine.xlsx")


Parts = dict[str, bytes]


@pytest.fixture
def repacked(tmp_path: Path) -> Callable[[Callable[[Parts], None]], Path]:
    """Give a function that changes the parts of the example's workbook and writes it."""
    folder = pe.new_review(tmp_path / "made", "example", "xlsx")

    def change(how: Callable[[Parts], None]) -> Path:
        with zipfile.ZipFile(folder / "made.xlsx") as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        how(parts)
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in parts.items():
                archive.writestr(name, data)
        path = tmp_path / "mine.xlsx"
        path.write_bytes(stream.getvalue())
        return path

    return change
