"""How long a tick takes in the explorer with 500 studies: milliseconds, in a real browser.

Run with ``python benchmarks/explorer.py``; it needs a Chromium and the extra ``dev``.
"""

import json
import shutil

import numpy as np
from playwright.sync_api import sync_playwright

from peer_evidence.explorer.page import module


def records(studies: int) -> dict:
    rng = np.random.default_rng(1)
    rows = [
        {
            "id": f"r{i}", "study": f"s{i}", "label": f"Study {i}", "short": f"Study {i}",
            "domain": "one", "time": "", "design": "", "problem_type": "", "initiative_type": "",
            "months": 3, "direction": "favours_intervention", "conclusion": "benefit",
            "effect": float(rng.normal(0.2, 0.4)), "variance": float(rng.uniform(0.01, 0.2)),
        }
        for i in range(studies)
    ]  # fmt: skip
    domain = {"key": "domain", "label": "Domain", "options": [{"value": "one", "label": "One"}]}
    return {
        "title": "t", "intervention": "a", "comparison": "b", "measure": "SMD", "first": "one",
        "filters": [domain], "conclusions": [], "note": "", "rows": rows,
    }  # fmt: skip


def main() -> None:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=found, args=["--no-sandbox"])
        for studies in (50, 500, 1000):
            page = browser.new_page()
            page.set_content("<div id='x'></div>")
            page.add_script_tag(type="module", content=module() + "\nwindow.start = start;")
            page.wait_for_function("() => Boolean(window.start)")
            times = page.evaluate(
                """(data) => {
                  start(document.getElementById("x"), data);
                  const boxes = [...document.querySelectorAll("input")].slice(0, 20);
                  return boxes.map((box) => {
                    const begun = performance.now();
                    box.click();
                    document.body.offsetHeight;  // layout included
                    return performance.now() - begun;
                  });
                }""",
                json.loads(json.dumps(records(studies))),
            )
            middle, worst = sorted(times)[len(times) // 2], max(times)
            print(f"{studies} studies: {middle:.1f} ms a tick, {worst:.1f} ms at worst")
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
