"""The many spellings of a number: one entry of a table as an integer, a fraction or a plain decimal."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

INTEGER = r"^[+-]?[0-9]+$"
FRACTION = r"^(?P<above>[+-]?[0-9]+)\s*/\s*(?P<below>[0-9]+)$"
DECIMAL_LIKE = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
DECIMAL = r"^(?P<sign>[+-]?)(?P<whole>[0-9]*)\.?(?P<part>[0-9]*)(?P<power>[eE][+-]?[0-9]+)?$"

# Spellings of a missing value, in lower case.
MISSING = frozenset(
    [
        "na",
        "n/a",
        "n.a.",
        "#n/a",
        "<na>",
        "nan",
        "-nan",
        "nat",
        "null",
        "none",
        "nil",
        "missing",
        "missing[]",
        "\\n",
        "-",
        "--",
        "---",
        "\u2013",
        "\u2014",
        "?",
        ".",
        "..",
        "...",
        "\u2026",
        "*",
        "tbd",
        "unknown",
        "no data",
        "nd",
        "n.d.",
        "n/d",
        "undefined",
        "indeterminate",
        "#value!",
        "#div/0!",
        "#ref!",
        "#num!",
        "#name?",
        "#null!",
        "1.#qnan",
        "-1.#ind",
        "1.#ind",
    ]
) | {""}

# Those that are a minus too.
SIGNS = frozenset(["-", "\u2013", "\u2014"])

_MINUS = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d"), "-")
_BLANKS = dict.fromkeys(map(ord, "\u00a0\u2002\u2003\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\t"), " ")
_NOTHING = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff$"), None)
_SIGNS = {ord("\u2044"): "/", ord("\u2215"): "/", ord("\u00d7"): "*", ord("\u00b7"): "*", ord("\u22c5"): "*"}
_TRANSLATED = _MINUS | _BLANKS | _NOTHING | _SIGNS
_SUPERSCRIPTS = dict(
    zip("\u207a\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079", "+-0123456789", strict=True)
)
_RAISED = re.compile(f"[{''.join(_SUPERSCRIPTS)}]+")

_LATEX = (
    (re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}"), r"\1/\2"),
    (re.compile(r"\\[dt]?frac\s*(\d)\s*(\d)"), r"\1/\2"),
    (re.compile(r"\\(times|cdot)"), "*"),
    (re.compile(r"\\pm"), "\u00b1"),
    (re.compile(r"\\%"), "%"),
    (re.compile(r"\{,\}"), ","),
    (re.compile(r"\\[,;! ]|\\\\\s*$|[{}]|~"), ""),
)
_SPELLINGS = (
    (re.compile(r"`+[0-9.]*"), ""),  # Mathematica's precision: 0.25`20.
    (re.compile(r"\s*//\s*"), "/"),  # Julia
    (re.compile(r"\s*\*\s*\^\s*"), "e"),  # Mathematica's exponent: 1.5*^-3
    (re.compile(r"\s*[*xX]\s*10\s*(\^|\*\*)\s*\(?\s*([+-]?\d+)\s*\)?"), r"e\2"),
    (re.compile(r"(?<=[\d.])\s?[dDqQ](?=[+-]?\d)"), "e"),  # Fortran
    (
        re.compile(r"^([+-]?\d*\.\d+)([+-]\d{3})$"),
        r"\1e\2",
    ),  # Fortran, where the exponent leaves no room for its letter
    (re.compile(r'^="?([^"]*)"?$'), r"\1"),  # of an Excel that was told to leave it alone
    (re.compile(r"\+\s*/\s*-|\+-"), "\u00b1"),
    (re.compile(r"^([+-])\s+"), r"\1"),
)
_CALL = re.compile(
    r"^(?:[A-Za-z_]\w*\.)*(?:Fraction|Rational|Decimal|mp[fqz]|QQ|ZZ|RR|Real\w*|Integer|int\d*|float\d*|Float\d*|Int\d*"
    r"|N|Frac|frac|sympify|S|BigFloat|BigInt|big)\s*[(\[](.*)[)\]]$"
)
_PARENTHESES = re.compile(r"^([+-]?)\(([^()]*)\)$")
_CONCISE = re.compile(r"^([+-]?[\d.]+)\((\d+(?:\.\d*)?)\)([eE][+-]?\d+)?$")
_STATED = re.compile(r"^\(?([^\u00b1()]+)\u00b1([^\u00b1()]+)\)?([eE][+-]?\d+)?$")
_MIXED = re.compile(r"^([+-]?)(\d+)\s+(\d+)\s*/\s*(\d+)$")
_QUOTIENT = re.compile(r"^([^/]+)/([^/]+)$")
_GROUPS = re.compile(r"^[+-]?\d{1,3}(?:[,' ]\d{3})+(?:\.\d*)?(?:[eE][+-]?\d+)?$")
_GROUPED_PART = re.compile(r"^[+-]?\d*\.\d{3}(?: \d{3})*(?: \d{1,3})?$")
_UNDERSCORES = re.compile(r"(?<=\d)_(?=\d)")
_NUMBER = re.compile(f"(?:{INTEGER[1:-1]}|{DECIMAL_LIKE[1:-1]})$")
_UNIT = re.compile(
    r"^([+-]?[\d.][^A-Za-z\u00b5\u00b0\u00c5\u03a9\u03bc]*(?:[eE][+-]?\d+)?)\s*([A-Za-z\u00b5\u00b0\u00c5\u03a9\u03bc][^\d]*(?:[\^*]?-?\d)?)$"
)


@dataclass(frozen=True)
class PlainEntry:
    """An entry in the form of INTEGER, FRACTION or DECIMAL_LIKE, and the uncertainty written with it."""

    text: str
    stated: Fraction | None = None


# A field too narrow for its number, as Fortran and spreadsheets show it.
OVERFLOWN = r"^([*]+|#{2,})$"


def missing(text: str) -> bool:
    bare = text.strip().strip("\"'").lower()
    return bare in MISSING or bool(re.match(OVERFLOWN, bare))


def without_unit(text: str) -> tuple[str, str]:
    """A number and the unit after it ("13.6 eV"); the unit is "" where there is none."""
    match = _UNIT.match(text.translate(_BLANKS).strip())
    return (match[1].strip(), match[2].strip()) if match else (text, "")


def read_entry(text: str, decimal: str = ".") -> PlainEntry | None:
    """The entry in plain spelling, or None if it is no number.

    decimal   "," if the table has decimal commas
    """
    text = text.strip().strip("\"'`").strip()
    if "\\" in text or "{" in text:
        for pattern, plain in _LATEX:
            text = pattern.sub(plain, text)
    text = _ascii(text)
    for pattern, plain in _SPELLINGS:
        text = pattern.sub(plain, text)
    return _plain(text.strip(), decimal)


def _ascii(text: str) -> str:
    if text.isascii() and "$" not in text:
        return text
    text = _RAISED.sub(lambda run: "^" + "".join(_SUPERSCRIPTS[sign] for sign in run[0]), text)
    letters = []
    for letter in text.translate(_TRANSLATED):
        if not letter.isascii() and letter.isdigit():
            letter = str(unicodedata.digit(letter))
        elif unicodedata.numeric(letter, None) is not None and not letter.isascii():
            letter = " " + unicodedata.normalize("NFKC", letter).replace("\u2044", "/")  # one half
        letters.append(letter)
    return "".join(letters)


def _plain(text: str, decimal: str) -> PlainEntry | None:
    if call := _CALL.match(text):  # Fraction(1, 4), np.float64(0.25)
        arguments = [part.strip().strip("\"'") for part in call[1].split(",")]
        return _plain("/".join(arguments), decimal) if len(arguments) <= 2 else None
    if pair := _PARENTHESES.match(text):
        return _plain(pair[1] + pair[2].strip(), decimal)
    if text[-1:] in "%\u2030" and text:
        entry = _plain(text[:-1].strip(), decimal)
        return entry and _shifted(entry, -2 if text[-1] == "%" else -3)
    if "\u00b1" in text:
        parts = _STATED.match(text)
        if not parts:
            return None
        value, stated = (_plain(part.strip() + (parts[3] or ""), decimal) for part in parts.groups()[:2])
        exact = stated and as_fraction(stated.text)
        return PlainEntry(value.text, abs(exact)) if value and not value.stated and exact is not None else None
    text = _one_point(text, decimal)
    if concise := _CONCISE.match(text):  # 13.6057(5): the uncertainty of the last digits
        number, digits, power = concise[1], concise[2], concise[3] or ""
        places = len(number.partition(".")[2])
        unit = Fraction(digits) if "." in digits else Fraction(int(digits), 10**places)
        return PlainEntry(number + power, unit * Fraction(10) ** int(power[1:] or 0)) if _NUMBER.match(number) else None
    if _NUMBER.match(text):
        return PlainEntry(text)
    if mixed := _MIXED.match(text):
        sign, whole, above, below = mixed.groups()
        return PlainEntry(f"{sign}{int(whole) * int(below) + int(above)}/{below}")
    if quotient := _QUOTIENT.match(text):
        above, below = (as_fraction(part.strip().strip("()").strip()) for part in quotient.groups())
        if above is None or below is None:
            return None
        if below == 0:
            return PlainEntry(f"{above.numerator}/0")
        value = above / below
        return PlainEntry(f"{value.numerator}/{value.denominator}")
    return None


def _one_point(text: str, decimal: str) -> str:
    """The number with a decimal point and without separators of thousands."""
    if decimal == ",":
        text = text.translate({ord("."): ",", ord(","): "."})
    text = _UNDERSCORES.sub("", text)
    head, bracket, tail = text.partition("(")
    if _GROUPS.match(head):
        head = re.sub("[,' ]", "", head)
    elif _GROUPED_PART.match(head):
        head = head.replace(" ", "")
    return head + bracket + tail


def _shifted(entry: PlainEntry, power: int) -> PlainEntry | None:
    """The entry times a power of ten, with as many digits."""
    if entry.stated is not None:
        return PlainEntry(_times(entry.text, power), entry.stated * Fraction(10) ** power)
    return PlainEntry(_times(entry.text, power))


def _times(text: str, power: int) -> str:
    if "/" in text:
        value = Fraction(text) * Fraction(10) ** power
        return f"{value.numerator}/{value.denominator}"
    mantissa, _, exponent = text.lower().partition("e")
    return f"{mantissa}e{int(exponent or 0) + power}"


def as_fraction(text: str) -> Fraction | None:
    """The number exactly as written, or None if the text is no number."""
    if not re.match(f"{FRACTION}|{_NUMBER.pattern}", text):
        return None
    try:
        return Fraction(text.replace(" ", "")) if "/" in text else Fraction(Decimal(text))
    except (ZeroDivisionError, ValueError, ArithmeticError):
        return None
