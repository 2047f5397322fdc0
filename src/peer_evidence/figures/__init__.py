"""The figures: a result or a frame in, matplotlib Axes out.

Each figure draws only from a plain table, which the function beside it returns
(``forest`` and ``forest_table``). ``save`` writes a figure as SVG, PDF and PNG with its alt text
inside and that table as CSV beside it. The modules that hold a function of their own name begin
with an underscore, so that ``peer_evidence.figures.tally`` is always the function. Every name is
loaded when it is first used, and matplotlib with it.
"""

from __future__ import annotations

import importlib
from typing import Any

# public name -> the module that holds it
_HOME = {
    "tally": "_tally",
    "tally_table": "_tally",
    "evidence_map": "_evidence_map",
    "evidence_map_table": "_evidence_map",
    "admissions": "_admissions",
    "admissions_table": "_admissions",
    "continuum": "_continuum",
    "continuum_table": "_continuum",
    "claims": "_claims",
    "claims_table": "_claims",
    "forest": "_forest",
    "forest_table": "forest_rows",
    "funnel": "_funnel",
    "funnel_table": "_funnel",
    "baujat": "_baujat",
    "baujat_table": "_baujat",
    "radial": "_radial",
    "radial_table": "_radial",
    "labbe": "_labbe",
    "labbe_table": "_labbe",
    "bubble": "_bubble",
    "bubble_table": "_bubble",
    "influence": "_influence",
    "influence_table": "_influence",
    "drapery": "_drapery",
    "drapery_table": "_drapery",
    "Drawn": "saving",
    "drawn": "saving",
    "save": "saving",
    "to_svg": "saving",
    "to_html": "saving",
    "traffic_light": "_traffic_light",
    "traffic_light_table": "_traffic_light",
    "risk_of_bias_bars": "_risk_of_bias_bars",
    "risk_of_bias_bars_table": "_risk_of_bias_bars",
    "prisma": "_prisma",
    "prisma_table": "_prisma",
    "overlap": "_overlap",
    "overlap_table": "_overlap",
    "citation_matrix": "_citation_matrix",
    "citation_matrix_table": "_citation_matrix",
    "effect_direction": "_effect_direction",
    "effect_direction_table": "_effect_direction",
    "effect_direction_pages": "_effect_direction",
    "albatross": "_albatross",
    "albatross_table": "_albatross",
    "harvest": "_harvest",
    "harvest_table": "harvest_rows",
    "effect_box": "_effect_box",
    "effect_box_table": "effect_box_rows",
    "audit": "_audit",
    "audit_table": "_audit",
    "p_curve": "_p_curve",
    "p_curve_table": "_p_curve",
    "selection": "_selection",
    "selection_table": "_selection",
    "gosh": "_gosh",
    "gosh_table": "_gosh",
    "specification_curve": "_specification_curve",
    "specification_curve_table": "specification_columns",
    "refits": "_refits",
    "refits_table": "_refits",
    "house_style": "style",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module 'peer_evidence.figures' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"peer_evidence.figures.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
