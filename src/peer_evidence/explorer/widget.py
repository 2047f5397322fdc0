"""The explorer in a notebook: the same script as an anywidget."""

from __future__ import annotations

from typing import Any

from peer_evidence.errors import InputError
from peer_evidence.explorer.data import explorer_data
from peer_evidence.explorer.page import module, style
from peer_evidence.records.evidence import Evidence

_RENDER = """
export default {
  render({ model, el }) {
    start(el, model.get("data"), model.get("state"), (text) => {
      model.set("state", text);
      model.save_changes();
    });
  },
};
"""


def explore(ev: Evidence) -> Any:
    """Show the explorer of a review in a notebook.

    Parameters
    ----------
    ev : Evidence
        The records.

    Returns
    -------
    anywidget.AnyWidget
        The widget; its ``state`` holds the filters and ticks as text, as in the address of the
        page.

    Raises
    ------
    InputError
        If the extra ``widgets`` is not installed.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> pe.explore(pe.load()).data["measure"]
    'SMD'
    """
    data = explorer_data(ev)
    try:
        import anywidget
        import traitlets
    except ModuleNotFoundError as error:
        raise InputError(
            "explore: the widget needs anywidget; install it with "
            "pip install 'peer-evidence[widgets]', or write the page with "
            "'peer-evidence explore'"
        ) from error

    class Explorer(anywidget.AnyWidget):
        _esm = module() + _RENDER
        _css = style()
        data = traitlets.Dict().tag(sync=True)
        state = traitlets.Unicode().tag(sync=True)

    return Explorer(data=data)
