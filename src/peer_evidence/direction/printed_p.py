"""P values as sources print them: a number, or a relation and a bound."""

from __future__ import annotations

import re

from peer_evidence.errors import InputError

_SIGNS = {"<": "<", "≤": "<", "<=": "<", "=": "=", ">": ">", "≥": ">", ">=": ">"}
_PRINTED = re.compile(
    r"(?:p\b\s*(?:values?)?\s*)?(<=|>=|[<>=≤≥])?\s*"
    r"([+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:e[+-]?\d+)?)",
    re.IGNORECASE,
)
_NOT_SIGNIFICANT = re.compile(r"n\.?\s?s\.?|not significant|non-?significant", re.IGNORECASE)
_LONGEST = 100  # characters that a printed p value has at most
_ALLOWED = "allowed is a number such as '0.03', one with its relation such as '<0.05', or 'ns'"


def printed_p(text: str, relation: str = "") -> tuple[str, str]:
    """Part a printed p value into its relation and its number.

    Parameters
    ----------
    text : str
        What is printed: "0.03", "<0.05", "p > .05", "ns"; empty where nothing is.
    relation : str
        What is known of the relation from elsewhere; empty where it is not.

    Returns
    -------
    relation, number : str
        The number as printed; empty for "ns". "At most" is read as below, "at least" as above.

    Raises
    ------
    InputError
        If the text is no p value, or its relation is not the one known.

    Examples
    --------
    >>> printed_p("<0.05"), printed_p("p = .030"), printed_p("ns"), printed_p("0.2", ">")
    (('<', '0.05'), ('=', '.030'), ('ns', ''), ('>', '0.2'))
    """
    plain = text.strip()
    if not plain:
        return relation, ""
    own, number = "", ""
    if len(plain) > _LONGEST:
        raise InputError(f"found {plain[:_LONGEST]!r} and more, {_ALLOWED}")
    found = _PRINTED.fullmatch(plain)
    if found:
        own, number = _SIGNS.get(found[1] or "", ""), found[2]
    elif _NOT_SIGNIFICANT.fullmatch(plain):
        own = "ns"
    else:
        raise InputError(f"found {text!r}, {_ALLOWED}")
    if own and relation and own != relation:
        raise InputError(
            f"found {text!r} with p_relation {relation!r}, allowed is the same relation in both"
        )
    return own or relation, number
