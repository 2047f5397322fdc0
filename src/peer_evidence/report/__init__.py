"""The report: analyses computed once, its sections, the page and the folder that appears whole.

Sentences for a paper can be had one by one: ``methods_text`` and ``results_text``.
"""

from __future__ import annotations

import importlib
from typing import Any

# public name -> the module that holds it
_HOME = {"methods_text": "prose", "results_text": "prose"}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module 'peer_evidence.report' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"peer_evidence.report.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
