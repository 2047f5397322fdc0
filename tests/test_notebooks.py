"""The notebooks run again and say the same."""

from __future__ import annotations

import re
import warnings
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


def text_outputs(notebook: Any) -> list[list[str]]:
    """Give the text of each code cell's outputs; images are compared elsewhere.

    What is printed arrives in pieces, which depend on how busy the machine is; they are joined.
    """
    return [
        [
            "".join(map(_text, outputs))
            for _, outputs in groupby(
                cell["outputs"], key=lambda output: output.get("name") or id(output)
            )
        ]
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
    ]


def _text(output: Any) -> str:
    if output["output_type"] == "stream":
        return str(output["text"])
    if output["output_type"] == "error":
        return f"error: {output['evalue']}"
    data = output["data"]
    text = next(data[kind] for kind in ("text/markdown", "text/html", "text/plain") if kind in data)
    return re.sub(r'src="data:[^"]*"', "", "".join(text))


def test_all_notebooks_are_here() -> None:
    assert [path.stem for path in NOTEBOOKS] == [
        "00_start_here",
        "01_the_evidence",
        "02_pooling",
        "03_without_pooling",
        "04_how_sure",
        "05_tensions_and_practice",
        "06_your_own_review",
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_runs_and_says_the_same(path: Path) -> None:
    import nbformat
    from nbclient import NotebookClient

    committed = nbformat.read(path, as_version=4)
    again = nbformat.read(path, as_version=4)
    for cell in again["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the notebook machinery, not of ours
        NotebookClient(
            again, kernel_name="python3", timeout=300, resources={"metadata": {"path": path.parent}}
        ).execute()
    assert text_outputs(again) == text_outputs(committed)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_is_short_executed_and_free_of_typed_numbers(path: Path) -> None:
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert sum(len(cell["source"].splitlines()) for cell in code) < 80
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    prose = " ".join(c["source"] for c in notebook["cells"] if c["cell_type"] == "markdown")
    links = re.findall(r"\]\(([^)]*)\)", prose)
    assert [link for link in links if not (path.parent / link).is_file()] == []
    assert re.findall(r"\d", re.sub(r"\]\([^)]*\)", "", prose)) == []
    images = re.findall(
        r"<img[^>]*>", " ".join(text for cell in text_outputs(notebook) for text in cell)
    )
    assert images
    assert all(re.search(r'alt="[^"]{40,}"', image) for image in images)
