"""The names of authors: surnames and initials, as a table of studies has them."""

from __future__ import annotations

import re
import unicodedata

_PLAIN = str.maketrans(
    {"ø": "o", "ß": "ss", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)
_CAPITAL = r"[^\W\d_a-z]"
_INITIALS = re.compile(rf"(?P<surname>\S.*?)\s+{_CAPITAL}(?:[.\- ]*{_CAPITAL}){{0,3}}\.?")
_SUFFIX = re.compile(r"(jr|sr|ii|iii|iv|2nd|3rd|4th)\.?", re.IGNORECASE)
_LONGEST = 40


def author(name: str) -> tuple[str, str]:
    """Give a name written ``Surname, Given`` as surname and initials, and the surname alone.

    A name without a comma that does not end in initials is taken whole, as that of a group is.

    Examples
    --------
    >>> author("van der Berg, Jean-Paul M."), author("Ash B"), author("World Health Organization")
    (('van der Berg JPM', 'van der Berg'), ('Ash B', 'Ash'), ('World Health Organization', \
'World Health Organization'))
    """
    parts = [part.strip() for part in " ".join(name.split()).split(",")]
    parts = [part for part in parts if part]
    if not parts:
        return "", ""
    if len(parts) == 1:
        found = _INITIALS.fullmatch(parts[0])
        return (parts[0], found["surname"]) if found else (parts[0], parts[0])
    suffix = [part for part in parts[1:] if _SUFFIX.fullmatch(part)]
    given = " ".join(part for part in parts[1:] if part not in suffix)
    return " ".join([parts[0], *([initials(given)] if given else []), *suffix]), parts[0]


def initials(given: str) -> str:
    """Give the initials of given names; names without capitals, as Chinese ones, stay whole.

    Examples
    --------
    >>> initials("Skye P."), initials("JP"), initials("J.-P."), initials("小明")
    ('SP', 'JP', 'JP', '小明')
    """
    words = [word for word in re.split(r"[\s.\-\u2010-\u2015]+", given) if word]
    if not any(word[0].upper() != word[0].lower() for word in words):
        return given
    return "".join(word if len(word) <= 4 and word.isupper() else word[0].upper() for word in words)


def slug(text: str) -> str:
    """Give a text in lower_snake_case of plain letters and digits.

    Examples
    --------
    >>> slug("Bjørkedal"), slug("van der Berg"), slug("O'Brien-Łoś"), slug("王")
    ('bjorkedal', 'van_der_berg', 'obrien_los', '')
    """
    plain = unicodedata.normalize("NFKD", text.lower().translate(_PLAIN))
    plain = "".join(one for one in plain if not unicodedata.combining(one))
    plain = re.sub(r"['’.]", "", plain)
    return re.sub(r"[^a-z0-9]+", "_", plain)[:_LONGEST].strip("_")
