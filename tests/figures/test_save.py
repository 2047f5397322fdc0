"""What is written: whole, readable without eyes, the same bytes each time."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import re
import subprocess
import sys
import zlib
from contextlib import nullcontext
from pathlib import Path
from xml.etree import ElementTree as ET

import pandas as pd
import pytest
from fontTools.ttLib import TTFont
from matplotlib.figure import Figure
from PIL import Image

import peer_evidence as pe
from peer_evidence.errors import DataWarning, InputError
from peer_evidence.figures import saving

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def ax(tally_frame):
    return pe.figures.tally(tally_frame(5))


def test_svg_has_role_title_and_description(ax, tmp_path):
    (path, _) = pe.figures.save(ax, "tally", formats=["svg"], folder=tmp_path)
    root = ET.parse(path).getroot()
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "tally-title tally-desc"
    title, desc = root[0], root[1]
    assert (title.tag, title.get("id")) == (f"{SVG}title", "tally-title")
    assert (desc.tag, desc.get("id")) == (f"{SVG}desc", "tally-desc")
    (drawn,) = pe.figures.drawn(ax)
    assert (title.text, desc.text) == (drawn.title, drawn.alt)


def test_svg_keeps_text_as_text_and_its_ids_to_itself(ax, tmp_path):
    (path, _) = pe.figures.save(ax, "a b", formats="svg", folder=tmp_path)
    root = ET.parse(path).getroot()
    words = {text.text for text in root.iter(f"{SVG}text")}
    assert {"Benefit", "Studies", "Group 3"} <= words
    ids = [one.get("id") for one in root.iter() if one.get("id")]
    assert len(ids) == len(set(ids))
    assert all(one.startswith("a-b-") for one in ids)
    targets = re.findall(r'(?:url\(#|href="#)([^")]+)', path.read_text(encoding="utf-8"))
    assert set(targets) <= set(ids)
    assert "metadata" not in path.read_text(encoding="utf-8")


def test_labels_are_escaped_in_svg(tally_frame, tmp_path):
    frame = tally_frame(1)
    label = 'a < b & "c" $x_1^2$ 100 %'
    ax = pe.figures.tally(frame, labels={"group_0": label})
    (path, _) = pe.figures.save(ax, "escaped", formats=["svg"], folder=tmp_path)
    root = ET.parse(path).getroot()
    words = [text.text for text in root.iter(f"{SVG}text")]
    assert 'A < b & "c" $x_1^2$ 100 %' in " ".join(words)
    assert label[1:] in root[1].text


def test_png_and_pdf_say_what_they_show(ax, tmp_path):
    svg, pdf, png, csv = pe.figures.save(ax, "tally", folder=tmp_path)
    (drawn,) = pe.figures.drawn(ax)
    with Image.open(png) as image:
        assert image.size[0] == round(176 / 25.4 * 300) - 1 or image.size[0] == 2079
        assert image.text["Title"] == drawn.title
        assert image.text["Description"] == drawn.alt
        assert "Software" not in image.text
    content = pdf.read_bytes()
    assert content.startswith(b"%PDF-1.4")
    assert b"/Subject" in content
    assert b"CreationDate" not in content
    assert svg.name == "tally.svg"
    assert csv.name == "tally.csv"


def test_the_numbers_stand_beside_the_figure(ax, tally_frame, tmp_path):
    (path,) = pe.figures.save(ax, "tally", formats=[], folder=tmp_path)
    pd.testing.assert_frame_equal(pd.read_csv(path), pe.figures.tally_table(tally_frame(5)))


def test_no_cell_of_the_csv_is_a_formula(claim_frame, tmp_path):
    frame = claim_frame(2)
    frame["stated"] = ["=1+1", "-0.5"]
    ax = pe.figures.claims(frame)
    (path,) = pe.figures.save(ax, "claims", formats=[], folder=tmp_path)
    assert list(pd.read_csv(path)["stated"]) == ["'=1+1", "'-0.5"]


def test_a_figure_of_several_parts_has_a_table_each(tally_frame, tmp_path):
    figure = Figure(figsize=(7, 8))
    for number in (0, 1):
        pe.figures.tally(tally_frame(3), ax=figure.add_axes((0, number / 2, 1, 0.5)))
    files = pe.figures.save(figure, "both", formats=["svg"], folder=tmp_path)
    assert [file.name for file in files] == ["both.svg", "both_1.csv", "both_2.csv"]


def test_folder_is_made_and_nothing_else_left_in_it(ax, tmp_path):
    folder = tmp_path / "new" / "deep"
    files = pe.figures.save(ax, "tally", folder=folder)
    assert sorted(folder.iterdir()) == sorted(files)


def test_a_failed_write_leaves_the_old_file_and_no_debris(ax, tmp_path, monkeypatch):
    (path,) = pe.figures.save(ax, "tally", formats=[], folder=tmp_path)
    before = path.read_bytes()

    def fail(self, target):
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        pe.figures.save(ax, "tally", formats=[], folder=tmp_path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["", "a/b", "..", "../up", ".hidden", "a\\b", "a\0", "a:b", None])
def test_a_name_is_never_a_path(ax, tmp_path, name):
    with pytest.raises(InputError) as raised:
        pe.figures.save(ax, name, folder=tmp_path)
    assert str(raised.value) == (
        f"name: found {name!r}, allowed is a file name without folder: it begins with a letter or "
        "digit and holds letters, digits, '_', '-', '.' and spaces, at most 120 characters, the "
        "last no dot or space, and is no name of a device such as CON"
    )
    assert list(tmp_path.iterdir()) == []


def test_unknown_format(ax, tmp_path):
    with pytest.raises(InputError) as raised:
        pe.figures.save(ax, "tally", formats=["svgz"], folder=tmp_path)
    assert str(raised.value) == (
        "formats: found 'svgz', allowed are 'svg', 'pdf', 'png'; did you mean 'svg'?"
    )


def test_a_figure_from_elsewhere_is_refused():
    figure = Figure()
    for other, kind in ((figure, "Figure"), (figure.add_axes((0, 0, 1, 1)), "Axes")):
        with pytest.raises(InputError) as raised:
            pe.figures.save(other, "other")
        assert str(raised.value) == (
            f"axes_or_figure: found {kind} that carries no alt text and no table; "
            "allowed is what a function of peer_evidence.figures returned"
        )


def test_characters_without_a_font_are_said_once(tally_frame, tmp_path):
    missing = "\U000105c0"  # a Todhri letter, which no usual font holds
    ax = pe.figures.tally(tally_frame(1), labels={"group_0": f"Hope {missing}"})
    with pytest.warns(DataWarning) as warned:
        pe.figures.save(ax, "rare", folder=tmp_path)
    assert [str(one.message) for one in warned] == [
        f"no installed font holds {missing!r}: PNG and PDF show boxes there, SVG and CSV keep "
        "the text; install a font that holds them"
    ]
    assert missing in (tmp_path / "rare.svg").read_text(encoding="utf-8")


def test_every_letter_a_font_holds_is_drawn_without_warning(tally_frame, tmp_path):
    ax = pe.figures.tally(tally_frame(1), labels={"group_0": "Bjørkedal, Łukasz ≥ 3 — ελπίδα"})
    files = pe.figures.save(ax, "letters", folder=tmp_path)
    assert [one.suffix for one in files] == [".svg", ".pdf", ".png", ".csv"]
    assert "ελπίδα" in files[0].read_text(encoding="utf-8")


def test_a_pdf_embeds_outlines_that_journals_take_and_no_rules_of_layout(ax, tmp_path):
    (file,) = pe.figures.save(ax, "map", formats=["pdf"], folder=tmp_path)[:1]
    content = file.read_bytes()
    assert content.count(b"/CIDFontType2") == content.count(b"/FontFile2") > 0
    assert b"/Type3" not in content
    embedded = [
        zlib.decompress(part)
        for part in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", content, re.DOTALL)
        if part[:1] == b"x"
    ]
    fonts = [part for part in embedded if part[:4] == b"\0\1\0\0"]
    assert len(fonts) == content.count(b"/FontFile2")
    tables = [set(TTFont(io.BytesIO(part)).keys()) for part in fonts]
    assert all({"glyf", "loca", "hmtx"} <= one for one in tables)
    assert not any({"GSUB", "GPOS", "GDEF"} & one for one in tables)


def test_a_pdf_is_written_where_fonts_are_cut_in_another_way(ax, tmp_path, monkeypatch):
    from fontTools.subset import Options

    usual = list(Options._drop_tables_default)
    small = pe.figures.save(ax, "a", formats=["pdf"], folder=tmp_path)[0].stat().st_size
    assert Options._drop_tables_default == usual
    monkeypatch.setattr(saving, "_letters_alone", nullcontext)
    large = pe.figures.save(ax, "b", formats=["pdf"], folder=tmp_path)[0].stat().st_size
    assert small < large


def test_a_notebook_shows_the_figure_with_its_alt_text(ax):
    shown = ax._repr_html_()
    (drawn,) = pe.figures.drawn(ax)
    assert shown.startswith('<img role="img"')
    assert f'alt="{drawn.alt}"' in shown
    encoded = re.search(r"base64,([^\"]+)", shown).group(1)
    assert ET.fromstring(base64.b64decode(encoded)).get("role") == "img"


SCRIPT = """
import sys
import peer_evidence as pe, pandas as pd
ev = pe.load()
counts = pd.DataFrame(
    {"benefit": [2, 6], "harm": [0, 1], "rows": [2, 7], "studies": [2, 5]}, index=["hope", "b"])
pe.figures.save(pe.figures.tally(counts), "tally", folder=sys.argv[1])
pe.figures.save(pe.figures.evidence_map(ev), "map", folder=sys.argv[1])
pe.figures.save(pe.figures.continuum(ev), "continuum", folder=sys.argv[1])
"""


def test_two_processes_write_the_same_bytes(tmp_path):
    seen = []
    for seed in ("0", "77"):
        folder = tmp_path / seed
        environment = os.environ | {"PYTHONHASHSEED": seed, "TZ": f"UTC{seed}"}
        environment["PYTHONPATH"] = os.pathsep.join(sys.path)
        subprocess.run(
            [sys.executable, "-W", "error", "-c", SCRIPT, str(folder)], check=True, env=environment
        )
        seen.append({
            path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()
        })  # fmt: skip
    assert len(seen[0]) == 12
    assert seen[0] == seen[1]


def test_settings_of_the_user_change_nothing(tally_frame, tmp_path):
    import matplotlib as mpl

    plain = pe.figures.save(pe.figures.tally(tally_frame(3)), "one", folder=tmp_path / "a")
    with mpl.rc_context({"font.size": 20, "svg.fonttype": "path", "savefig.dpi": 50}):
        other = pe.figures.save(pe.figures.tally(tally_frame(3)), "one", folder=tmp_path / "b")
    assert [one.read_bytes() for one in plain] == [one.read_bytes() for one in other]


def test_importing_the_package_does_not_import_matplotlib():
    code = "import sys, peer_evidence.figures; assert 'matplotlib' not in sys.modules"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", code], env=environment).returncode == 0


def test_figures_need_no_pyplot():
    code = (
        "import sys, peer_evidence as pe; pe.figures.evidence_map(pe.load()); "
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", code], env=environment).returncode == 0


def test_public_names():
    assert sorted(pe.figures.__all__) == pe.figures.__all__
    assert all(callable(getattr(pe.figures, name)) for name in pe.figures.__all__)
    with pytest.raises(AttributeError) as raised:
        getattr(pe.figures, "pie")  # noqa: B009
    assert str(raised.value) == "module 'peer_evidence.figures' has no attribute 'pie'"
