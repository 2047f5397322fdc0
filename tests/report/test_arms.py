"""The names of the arms over the forest plot of the report."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from peer_evidence.report import drawings


class _Pools:
    def __len__(self) -> int:
        return 1

    def studies(self) -> pd.DataFrame:
        return pd.DataFrame()


def test_arms_are_named_as_the_package_names_them(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, object] = {}
    monkeypatch.setattr(drawings, "forest", lambda pools, **options: given.update(options))
    ev = SimpleNamespace(package={"intervention": "BCG vaccine", "comparison": "the usual care"})
    drawings._pools(SimpleNamespace(pools=_Pools(), ev=ev))  # type: ignore[arg-type]
    assert given["intervention"] == "BCG vaccine"
    assert given["comparison"] == "Usual care"
    assert given["favours"] == ("the usual care", "BCG vaccine")
