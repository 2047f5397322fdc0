"""Targets that are workbooks: cells, the XML of the parts, the archive and its bytes."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from xml.sax.saxutils import escape

from fuzz import mutate
from fuzz.cases import Target, lay_out, read_review
from fuzz.seeds import Rows, Tables, small_review, whole_review
from fuzz.text_targets import mutated_tables

Parts = dict[str, bytes]
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_FORMATS = ("General", "0%", "0.00%", "d-mmm", "mmm-yy", "yyyy-mm-dd", "h:mm", "[h]:mm", '"%"0')
_SNIPPETS = (
    '<!DOCTYPE a [<!ENTITY b "c">]>',
    '<mergeCells count="1"><mergeCell ref="A1:C3"/></mergeCells>',
    '<mergeCell ref="A2:XFD1048576"/>',
    '<mergeCell ref="A' + "9" * 5000 + '"/>',
    '<dimension ref="A1:XFD1048576"/>',
    '<c r="XFD1048576"><v>1</v></c>',
    '<c r="ZZZZ99999999"><v>1</v></c>',
    '<c r="A0"><v>1</v></c>',
    '<c t="s"><v>99999</v></c>',
    '<c t="s"><v>-1</v></c>',
    '<c t="s"><v></v></c>',
    '<c t="e"><v>#REF!</v></c>',
    '<c t="d"><v>2013-13-45T99:99</v></c>',
    '<c t="b"><v>7</v></c>',
    '<c t="n"><v>1e999</v></c>',
    '<c t="n"><v>nan</v></c>',
    '<c s="4"><v>-1</v></c>',
    '<c s="4"><v>99999999999</v></c>',
    '<c s="9999"><v>3</v></c>',
    '<c t="inlineStr"><is><t>x</t><r><t>y</t></r></is></c>',
    '<c t="inlineStr"/>',
    "<c><f>1+1</f></c>",
    '<c><f t="shared" si="0" ref="A1:A9">A1</f><v>3</v></c>',
    '<c><f t="array" ref="A1:ZZ99">A1</f></c>',
    '<row r="99999999"><c><v>1</v></c></row>',
    '<row r="1048577"><c><v>1</v></c></row>',
    '<row r="-5"><c><v>1</v></c></row>',
    '<row r="1"/>',
    '<row r="\u0661"><c><v>1</v></c></row>',
    '<row r="1.5"><c><v>1</v></c></row>',
    '<definedNames><definedName name="_xlnm.Print_Area" localSheetId="9">#REF!</definedName>'
    "</definedNames>",
    '<sheetData><row r="1"><c r="A1"><v>1</v></c></row></sheetData>',
    "<!-- <row> -->",
    "<![CDATA[x]]>",
    "<?xml version='1.0'?>",
    "&#0;",
    "&#xD800;",
    "&unknown;",
    "_xD800_",
    "_x0000_",
    "\x01",
    "\ufffe",
)
_VALUES = (
    *("A" + "9" * 5000, "[" * 50_000, "", "0", "1", "-1", "2"),
    *("99999999", "4294967296", "9" * 5000, "1e3", "1.5", "x", "A1"),
    *("XFD1048576", "ZZZZ99999999", "A0", "a1", "$A$1", "A1:B2", "A1:", ":", "s", "str", "e", "d"),
    *("b", "n", "inlineStr", "true", "\u0661", "studies"),
    *("outcomes", "rId1", "../../x", "External"),
    *("hidden", "veryHidden", "http://x/y.xml", "xl/worksheets/sheet1.xml", "framework.x", "flow"),
)  # fmt: skip


def workbook(rng: Random, tables: Tables) -> Parts:
    """Write tables as the parts of a workbook, each cell in one of the ways there are."""
    strings: dict[str, int] = {}
    parts: Parts = {}
    names = list(tables)
    for number, name in enumerate(names, start=1):
        sheet = _sheet(rng, tables[name], strings)
        parts[f"xl/worksheets/sheet{number}.xml"] = sheet.encode("utf-8", "replace")
    items = "".join(f'<si><t xml:space="preserve">{_text(one)}</t></si>' for one in strings)
    count = f'count="{len(strings)}" uniqueCount="{len(strings)}"'
    shared = f"{_HEAD}<sst {_MAIN} {count}>{items}</sst>"
    parts["xl/sharedStrings.xml"] = shared.encode("utf-8", "replace")
    sheets = "".join(
        f'<sheet name="{_text(name.replace("/", "."))}" sheetId="{number}" r:id="rId{number}"/>'
        for number, name in enumerate(names, start=1)
    )
    book = f'{_HEAD}<workbook {_MAIN} xmlns:r="{_REL}"><sheets>{sheets}</sheets></workbook>'
    parts["xl/workbook.xml"] = book.encode("utf-8", "replace")
    return parts | _frame_of(len(names))


@cache
def _frame_of(sheets: int) -> Parts:
    """Give the parts that every workbook has."""
    links = "".join(
        f'<Relationship Id="rId{number}" Type="{_REL}/worksheet" '
        f'Target="worksheets/sheet{number}.xml"/>'
        for number in range(1, sheets + 1)
    )
    links += (
        f'<Relationship Id="rId98" Type="{_REL}/styles" Target="styles.xml"/>'
        f'<Relationship Id="rId99" Type="{_REL}/sharedStrings" Target="sharedStrings.xml"/>'
    )
    kinds = "".join(
        f'<Override PartName="/xl/worksheets/sheet{number}.xml" '
        f'ContentType="{_KIND}.worksheet+xml"/>'
        for number in range(1, sheets + 1)
    )
    for part, kind in (("workbook", "sheet.main"), ("styles", "styles"),
                       ("sharedStrings", "sharedStrings")):  # fmt: skip
        kinds += f'<Override PartName="/xl/{part}.xml" ContentType="{_KIND}.{kind}+xml"/>'
    formats = "".join(
        f'<numFmt numFmtId="{200 + place}" formatCode="{_text(one)}"/>'
        for place, one in enumerate(_FORMATS)
    )
    styles = "".join(
        f'<xf numFmtId="{200 + place}" applyNumberFormat="1"/>' for place in range(len(_FORMATS))
    )
    top = f'<Relationship Id="rId1" Type="{_REL}/officeDocument" Target="xl/workbook.xml"/>'
    texts = {
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{links}'
        "</Relationships>",
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{top}</Relationships>',
        "xl/styles.xml": f'<styleSheet {_MAIN}><numFmts count="{len(_FORMATS)}">{formats}'
        f'</numFmts><cellXfs count="{len(_FORMATS)}">{styles}</cellXfs></styleSheet>',
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>{kinds}</Types>',
    }
    return {name: (_HEAD + text).encode() for name, text in texts.items()}


def _text(value: str) -> str:
    """Write a text as XML may hold it, mostly."""
    return escape(value, {'"': "&quot;"})


def _sheet(rng: Random, rows: Rows, strings: dict[str, int]) -> str:
    lines = []
    for number, row in enumerate(rows, start=1):
        cells = "".join(
            _cell(rng, text, f"{_letters(place)}{number}", strings)
            for place, text in enumerate(row)
            if text
        )
        lines.append(f'<row r="{number}">{cells}</row>')
    return f"{_HEAD}<worksheet {_MAIN}><sheetData>{''.join(lines)}</sheetData></worksheet>"


def _letters(place: int) -> str:
    first, second = divmod(place, 26)
    return (chr(64 + first) if first else "") + chr(65 + second)


def _cell(rng: Random, text: str, where: str, strings: dict[str, int]) -> str:
    if re.fullmatch(r"-?\d{1,12}(\.\d+)?", text, re.ASCII) and rng.random() < 0.8:
        style = f' s="{rng.randrange(len(_FORMATS) + 1)}"' if rng.random() < 0.004 else ""
        return f'<c r="{where}"{style}><v>{text}</v></c>'
    roll = rng.random()
    if roll < 0.7:
        number = strings.setdefault(text, len(strings))
        return f'<c r="{where}" t="s"><v>{number}</v></c>'
    if roll < 0.997:
        return f'<c r="{where}" t="inlineStr"><is><t>{_text(text)}</t></is></c>'
    kind = rng.choice(("str", "e", "b", "d", "n"))
    formula = "<f>A1</f>" if rng.random() < 0.5 else ""
    return f'<c r="{where}" t="{kind}">{formula}<v>{_text(text)}</v></c>'


def change_xml(rng: Random, data: bytes) -> bytes:
    """Change the XML of a part: an attribute, an element, a text, or something put in."""
    text = data.decode("utf-8", "surrogateescape")
    how = rng.randrange(6)
    found: list[Any]
    if how == 0:
        found = list(re.finditer(r'="([^"]*)"', text))
        if found:
            one = rng.choice(found)
            text = text[: one.start(1)] + rng.choice(_VALUES) + text[one.end(1) :]
    elif how == 1:
        place = rng.choice([one.start() for one in re.finditer("<", text)] or [0])
        text = text[:place] + rng.choice(_SNIPPETS) + text[place:]
    elif how == 2:
        found = list(re.finditer(r"<(\w+)\b[^>]*?(/>|>[^<]*</\1>)", text))
        if found:
            one = rng.choice(found)
            times = rng.choice((0, 2, 2, 50))
            text = text[: one.start()] + one.group() * times + text[one.end() :]
    elif how == 3:
        found = list(re.finditer(r">([^<]+)<", text))
        if found:
            one = rng.choice(found)
            new = rng.choice((escape(mutate.text(rng)), rng.choice(_VALUES)))
            text = text[: one.start(1)] + new + text[one.end(1) :]
    elif how == 4:
        found = list(re.finditer(r"</?(\w+)", text))
        if found:
            one = rng.choice(found)
            new = rng.choice(("row", "c", "v", "f", "is", "t", "x", "sheet", "mergeCell", "si"))
            text = text[: one.start(1)] + new + text[one.end(1) :]
    else:
        text = text.replace("UTF-8", rng.choice(("UTF-16", "latin-1", "x", "UTF-7")), 1)
    return text.encode("utf-8", "surrogatepass")


def _change_parts(rng: Random, parts: Parts) -> None:
    """Change which parts there are, and their names."""
    name = rng.choice(list(parts))
    how = rng.randrange(5)
    if how == 0:
        del parts[name]
    elif how == 1:
        new = rng.choice(("../x.xml", "/x.xml", "C:/x", "xl/x.xml", name.upper(), "", "a" * 300))
        parts[new] = parts.pop(name)
    elif how == 2:
        parts[name] = rng.choice(list(parts.values()))
    elif how == 3:
        parts[name] = mutate.raw(rng, parts[name])
    else:
        parts["xl/extra.xml"] = rng.choice((b"<a/>", b"<a>" * 500, b"<a>" * 50_000, b"\x00" * 99))


def zipped(rng: Random, parts: Parts) -> bytes:
    """Pack parts."""
    stream = io.BytesIO()
    method = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name or "x"), data, method)
    return stream.getvalue()


def change_archive(rng: Random, data: bytes) -> bytes:
    """Change the directory of an archive, or its bytes."""
    if rng.random() < 0.5:
        return mutate.raw(rng, data)
    changed = bytearray(data)
    entries = [one.start() for one in re.finditer(rb"PK\x01\x02", data)]
    entry = rng.choice(entries) if entries else 0
    offset, size = rng.choice(((8, 2), (10, 2), (16, 4), (20, 4), (24, 4), (28, 2), (42, 4)))
    value = rng.choice((0, 1, 8, 9, 12, 14, 99, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 40, 1000))
    packed = struct.pack("<I" if size == 4 else "<H", value % (1 << 8 * size))
    changed[entry + offset : entry + offset + size] = packed
    return bytes(changed)


def make_workbook(rng: Random) -> dict[str, bytes]:
    """Make a workbook, changed in one or two of its layers."""
    tables = whole_review() if rng.random() < 0.1 else small_review()
    roll = rng.random()
    if roll < 0.4:
        mutated_tables(rng, tables, list(tables))
    parts = workbook(rng, tables)
    if roll >= 0.35:
        steps: list[Callable[[], None]] = [
            *[lambda: _change_one(rng, parts)] * 6,
            lambda: _change_parts(rng, parts),
        ]
        for _ in range(rng.choice((1, 1, 2, 3))):
            if parts:
                rng.choice(steps)()
    data = zipped(rng, parts)
    return {"book.xlsx": change_archive(rng, data) if roll > 0.85 else data}


def _change_one(rng: Random, parts: Parts) -> None:
    sheets = [name for name in parts if "sheet" in name.lower()]
    name = rng.choice(sheets if sheets and rng.random() < 0.6 else list(parts))
    parts[name] = change_xml(rng, parts[name])


def read_workbook(case: Any, folder: Path, rng: Random) -> str:
    """Load the workbook."""
    lay_out(case, folder)
    return read_review(folder / "book.xlsx", rng)


TARGETS = (Target("xlsx", make_workbook, read_workbook),)
