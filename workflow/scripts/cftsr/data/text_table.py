"""Tables in text: encoding, separator, header line, comments; every entry is kept as text.

A plain table (one separator, comments only before the header, UTF-8) is read by pyarrow from the file itself. Any other
is decoded and split by the csv module, which keeps the line number of each row.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from cftsr.data.entries import missing, read_entry
from cftsr.errors import UserError

DELIMITERS = ("\t", ";", ",", "|", "&")
WHITESPACE, WIDE = "blanks", "two or more blanks"
COMMENTS = ("#", "%", "!", "//", '"#')
SAMPLE = 1 << 16  # bytes from which the separator is guessed
SAMPLE_LINES = 200
MOST_TITLES = 10
SHOWN = 6  # lines in a note
BLOCK = 1 << 23
_RULE = re.compile(r"^[\s|:+=-]*$|^\\(hline|toprule|midrule|bottomrule|cline\{.*\}|begin\{.*|end\{.*)\s*$")
# A unit, a percent sign or an uncertainty may follow it.
_DECIMAL_COMMA = re.compile(
    r"^\s*[+\u2212-]?\s?(\d{1,3}([.'\u00a0\u202f ]\d{3})+|\d*),\d+([eE][+-]?\d+)?\s*([^\d,.\s].*)?$"
)
_FOOTER = re.compile(
    r"^\(\d+ rows?( affected)?\)$|^\d+ rows? in set.*$|^\|?\s*\d+ rows?\s+\d+ columns?\s*\|?$"
)  # as databases write it
_TOTAL = re.compile(r"^(grand |sub)?(total|sum|mean|average|avg|count|std|min|max|median)s?:?$", re.IGNORECASE)
_BEHIND = re.compile(r"\s+#[^\"]*$")  # a comment at the end of a row
# Tables drawn in box characters are read as those in ASCII art.
_BOXES = {**dict.fromkeys(range(0x2500, 0x2580), "-"), **dict.fromkeys(map(ord, "\u2502\u2503\u2506\u250a\u2551"), "|")}
_EMPHASISED = re.compile(r"^(\*\*|`|__)(.+)\1$")  # in Markdown
_BRACKETED = re.compile(r"^\s*[(\[].*[)\]]\s*$")
_MARKDOWN_RULE = re.compile(r"^\s*\|(\s*:?-+:?\s*\|)+\s*$")
_JULIA = re.compile(r"^\s*\d+\s?\u00d7\s?\d+ (Sub)?DataFrame")
_FACTOR = re.compile(r"^\s*\d\.\d+e[+-]\d+ \*\s*$")
_NUMBERED = re.compile(r"^[(\[]?(\d+)[)\]]?[:.=]?(?=[^\d:.=])(.+)$")
_THOUSANDS = re.compile(r"^\s*[+-]?\d{1,3}(,\d{3})+\s*$")


@dataclass
class FileColumns:
    """Columns of a file.

    names     as written in the file, without blanks around; "" where there is none
    columns   by place: pyarrow arrays, of text where the file is text
    lines     the line (or row) of the file that holds each row; None where row i is line i + first
    notes     the assumptions made, in words
    decimal   "." or ","
    """

    names: list[str]
    columns: dict[int, pa.Array]
    first: int = 1
    lines: np.ndarray | None = None
    notes: list[str] = field(default_factory=list)
    decimal: str = "."

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def line(self, row: int) -> int:
        return int(self.lines[row]) if self.lines is not None else row + self.first


@dataclass
class _Layout:
    """The layout of a text table.

    delimiter  one of DELIMITERS, WHITESPACE or WIDE
    header     the names
    before     the number of lines before the first row
    plain      whether pyarrow can read it as it is
    line       the header line; "" where there is none
    """

    delimiter: str
    header: list[str]
    before: int
    plain: bool
    notes: list[str]
    line: str = ""


class TextTable:
    """A text file, or bytes that were decompressed or came through a pipe."""

    def __init__(self, path: Path, content: bytes | None, encoding: str | None, columns: tuple[str, ...], most: int):
        self.path, self.content, self.columns, self.most = path, content, columns, most
        self.encoding = encoding or self._guessed_encoding()
        self.layout = self._layout()

    @property
    def names(self) -> list[str]:
        return self.layout.header

    # ---- encoding

    def _head(self) -> bytes:
        if self.content is not None:
            return self.content[:SAMPLE]
        with open(self.path, "rb") as stream:
            return stream.read(SAMPLE)

    def _guessed_encoding(self) -> str:
        head = self._head()
        for mark, name in (
            (b"\xef\xbb\xbf", "utf-8-sig"),
            (b"\xff\xfe\x00\x00", "utf-32"),
            (b"\x00\x00\xfe\xff", "utf-32"),
        ):
            if head.startswith(mark):
                return name
        if head.startswith((b"\xff\xfe", b"\xfe\xff")):
            return "utf-16"
        zeros = head[:400].count(b"\0")
        if zeros > len(head[:400]) // 4:
            name = "utf-16-le" if head[1:2] == b"\0" else "utf-16-be"
            text = head[:400].decode(name, "replace")
            if sum(letter.isascii() and (letter.isprintable() or letter.isspace()) for letter in text) > 0.8 * len(
                text
            ):
                return name
        unprintable = sum(byte < 9 or 13 < byte < 32 for byte in head)
        if unprintable > len(head) // 100:
            raise UserError(f"{self.path} is no table: it is binary, of a kind that is not known. Export it as CSV")
        return "utf-8"

    def _lines(self) -> list[str]:
        content = self.content if self.content is not None else self.path.read_bytes()
        if content.count(b"\n") > self.most + SAMPLE_LINES:
            raise too_large(self.path, self.most)
        try:
            text = content.decode(self.encoding)
        except UnicodeDecodeError as error:
            raise self._not_decoded(content, error) from error
        except LookupError as error:
            raise UserError(
                f"--encoding {self.encoding}: there is no such encoding; utf-8 or latin-1 for example"
            ) from error
        return _inside(_split(text))[0]

    def _not_decoded(self, content: bytes, error: UnicodeDecodeError) -> UserError:
        line = content[: error.start].count(b"\n") + 1
        return UserError(
            f"{self.path} is not {self.encoding} text (line {line}). Name its encoding: --encoding latin-1 for example "
            "(encoding in config.yaml)"
        )

    # ---- layout

    def _sample(self) -> list[str]:
        head = self._head()
        try:
            text = head.decode(self.encoding)
        except UnicodeDecodeError as error:
            if error.start < len(head) - 4 or len(head) < SAMPLE:
                raise self._not_decoded(head, error) from error
            text = head.decode(self.encoding, errors="replace")  # the sample ends within a letter
        lines, outside = _inside(_split(text))
        self.outside = outside
        return lines[:-1] if len(head) == SAMPLE and len(lines) > 1 else lines

    def _layout(self) -> _Layout:
        try:
            sample = self._sample()
        except LookupError as error:
            raise UserError(
                f"--encoding {self.encoding}: there is no such encoding; utf-8 or latin-1 for example"
            ) from error
        notes: list[str] = []
        if self.outside:
            notes.append(f"{lines_in_words(self.outside)} stand{'s' * (len(self.outside) == 1)} outside the table")
        numbered = [(number, line) for number, line in enumerate(sample, 1) if _counts(line)]
        declared = None
        if numbered and (separator := re.fullmatch(r"\"?sep=(.)\"?", numbered[0][1].strip())):
            declared, numbered = separator[1], numbered[1:]  # as Excel writes
        if not numbered:
            return _Layout(",", [], 0, False, notes)
        delimiter = declared or _delimiter([line for _, line in numbered[:SAMPLE_LINES]])
        rows = [fields_of(line, delimiter) for _, line in numbered[:SAMPLE_LINES]]
        factor = next((number for number, line in numbered if _FACTOR.match(line)), None)
        if factor is not None:
            raise UserError(
                f"{self.path}: line {factor} is a factor that MATLAB took out of all entries; print them without it "
                "(format long g), or export the table (writematrix)"
            )
        titles = _titles(rows)
        if titles:
            few = ", ".join(str(number) for number, _ in numbered[:titles])
            verb = "were" if titles > 1 else "was"
            notes.append(
                f"line{'s' * (titles > 1)} {few} before the header {verb} left out: {numbered[0][1].strip()[:60]}"
            )
            numbered, rows = numbered[titles:], rows[titles:]
        first, header = numbered[0][0], rows[0]
        if not header_like(header):
            comment = _comment_header(sample[: first - 1], delimiter, len(header))
            if self.columns:
                names = list(self.columns)
                notes.append(f"there is no header line; the columns are {', '.join(names)}, as requested")
            elif comment:
                names = comment
                notes.append(f"the names of the columns were taken from the comment before them: {', '.join(names)}")
            else:
                raise UserError(
                    f"{self.path} has no header line: line {first} is {numbered[0][1].strip()[:60]!r}. Name its "
                    f"columns: --columns {','.join('klmnpqrs'[: len(header) - 1])},h for example"
                )
            body, before = rows, first - 1
        else:
            names, body, before = header, rows[1:], first
            if self.columns:
                names = list(self.columns)
                shown = ", ".join(header)[:60]
                notes.append(f"the columns are called {', '.join(names)}, as requested, and not {shown}")
        if self.columns and body and len(names) != len(body[0]):
            raise UserError(
                f"{self.path}: --columns names {len(names)} column(s), and line {before + 1} has {len(body[0])} entries"
            )
        names, widened = _widened(names, body)
        plain = (
            self.content is None
            and not self.outside
            and self.encoding in ("utf-8", "utf-8-sig")
            and delimiter in DELIMITERS[:4]
            and not widened
            and not _has_units(body)
            and all(len(row) == len(names) for row in body)
            and not any(line.lstrip().startswith("|") or _RULE.match(line) for line in sample if line.strip())
        )
        line = numbered[0][1].strip() if header_like(header) else ""
        plain = plain and sum(text.strip() == line for _, text in numbered) < 2
        return _Layout(delimiter, names, before, plain, notes, line)

    # ---- reading

    def read(self, wanted: list[int]) -> FileColumns:
        """The columns in these places."""
        if self.layout.plain and self._scan():
            try:
                return self._by_arrow(wanted)
            except (pa.ArrowInvalid, UnicodeDecodeError):
                pass  # the csv module reads it, or names the line
        return self._by_csv(wanted)

    def _scan(self) -> bool:
        """Whether the whole file is as plain as its beginning; UserError if it has too many lines."""
        lines, before, last = 0, b"", b""
        with open(self.path, "rb") as stream:
            while block := stream.read(BLOCK):
                lines += block.count(b"\n")
                if lines > self.most + self.layout.before + 1:
                    raise too_large(self.path, self.most)
                text = before + block
                if any(sign in text for sign in (b"\n\n", b"\n\r", b"\r\r", b"\0")) and not _only_at_end(text):
                    return False
                if any(b"\n" + mark.encode() in text for mark in COMMENTS) and self._comments_inside(text):
                    return False
                if b" #" in text or b"\t#" in text or self._repeats(text):
                    return False
                if b"\r" in text and text.count(b"\r") != text.count(b"\r\n") + text.endswith(b"\r"):
                    return False
                before = block[-2:]
                if block.rstrip():
                    last = block.rstrip().rsplit(b"\n", 1)[-1]
        return not _is_total(fields_of(last.decode(self.encoding, "replace"), self.layout.delimiter))

    def _comments_inside(self, text: bytes) -> bool:
        # Comments before the header are skipped by number.
        skipped = text
        for _ in range(self.layout.before):
            skipped = skipped.partition(b"\n")[2]
        return any(skipped.startswith(mark.encode()) or b"\n" + mark.encode() in skipped for mark in COMMENTS)

    def _repeats(self, text: bytes) -> bool:
        """Whether the header line is repeated between the rows."""
        return bool(self.layout.line) and b"\n" + self.layout.line.encode(self.encoding, "replace") in text

    def _by_arrow(self, wanted: list[int]) -> FileColumns:
        names = [str(place) for place in range(len(self.names))]
        include = [str(place) for place in wanted]
        reader = pyarrow.csv.open_csv(
            self.path,
            read_options=pyarrow.csv.ReadOptions(skip_rows=self.layout.before, column_names=names, block_size=BLOCK),
            parse_options=pyarrow.csv.ParseOptions(delimiter=self.layout.delimiter),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(include, pa.string()), include_columns=include, null_values=[""]
            ),
        )
        batches, rows = [], 0
        for batch in reader:
            batches.append(batch)
            rows += len(batch)
            if rows > self.most:
                raise too_large(self.path, self.most)
        table = pa.Table.from_batches(batches, reader.schema)
        columns = {place: table[str(place)].combine_chunks() for place in wanted}
        return self._finished(columns, self.layout.before + 1, None)

    def _by_csv(self, wanted: list[int]) -> FileColumns:
        lines, names = self._lines(), self.names
        rows, numbers, repeated, behind = [], [], [], []
        for number, line in enumerate(lines, 1):
            if number <= self.layout.before or not _counts(line):
                continue
            if line.strip() == self.layout.line:
                repeated.append(number)
                continue
            row = fields_of(line, self.layout.delimiter)
            if "#" in line and (bare := _BEHIND.sub("", line)) != line:
                without = fields_of(bare, self.layout.delimiter)
                if len(without) == len(names) and is_number(without[-1]):
                    row = without
                    behind.append(number)
            rows.append(row)
            numbers.append(number)
        if len(rows) > self.most:
            raise too_large(self.path, self.most)
        notes = []
        if repeated:
            notes.append(f"the header line is repeated in {lines_in_words(repeated)} and was left out there")
        if behind:
            notes.append(f"comments after the entries were left out ({lines_in_words(behind)})")
        if _has_units(rows):
            notes.append(
                f"line {numbers[0]} has no numbers (units?) and was left out: {' '.join(rows[0]).strip()[:40]}"
            )
            rows, numbers = rows[1:], numbers[1:]
        below = []
        while len(rows) > 1 and header_like(rows[-1]) and any(map(is_number, rows[0])):
            if len(rows[-1]) == len(names) and (any(map(missing, rows[-1])) or lines[numbers[-1] - 2].strip()):
                break  # a row of the table, with an entry that is told
            rows.pop()
            below.append(numbers.pop())
        if below:
            notes.append(
                f"{lines_in_words(below[::-1])} below the table, without a number, left out: "
                f"{lines[below[-1] - 1][:40]}"
            )
        if len(rows) > 1 and _is_total(rows[-1]) and not any(_TOTAL.match(row[0]) for row in rows[:-1] if row):
            notes.append(f"line {numbers[-1]} is no row but a total, and was left out: {lines[numbers[-1] - 1][:40]}")
            rows, numbers = rows[:-1], numbers[:-1]
        for number, row in zip(numbers, rows, strict=True):
            if len(row) == len(names) + 1 and not row[-1].strip():
                row.pop()  # a separator at the end
            while len(row) < len(names) and not names[len(row)]:
                row.append("")
            if len(row) != len(names):
                raise UserError(
                    f"{self.path} cannot be read as a table: line {number} has {len(row)} entries under {len(names)} "
                    f"columns: {lines[number - 1].strip()[:60]!r}. Correct that line"
                )
        columns = {place: pa.array([row[place] for row in rows], pa.string()) for place in wanted}
        table = self._finished(columns, 1, np.array(numbers, dtype=np.int64))
        table.notes += notes
        return table

    def _finished(self, columns: dict[int, pa.Array], first: int, lines: np.ndarray | None) -> FileColumns:
        decimal, note = _decimal_of(columns, self.layout.delimiter)
        notes = [*self.layout.notes, *([note] if note else [])]
        return FileColumns(self.names, columns, first, lines, notes, decimal)


def _split(text: str) -> list[str]:
    """The lines, without a byte-order mark."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    boxes = any(sign in text for sign in "\u2502\u2503\u2506\u2551")
    return (text.translate(_BOXES) if boxes else text).split("\n")


def _inside(lines: list[str]) -> tuple[list[str], list[int]]:
    """The lines with those outside a table of Markdown, or a data frame as Julia shows it, empty; and their numbers."""
    frame = any(map(_JULIA.match, lines[:MOST_TITLES]))
    if not frame and not any(map(_MARKDOWN_RULE.match, lines)):
        return lines, []
    mark = (lambda line: "|" in line) if frame else (lambda line: line.lstrip().startswith("|"))
    outside = [number for number, line in enumerate(lines, 1) if not mark(line)]
    # The numbers of Julia's rows are no column.
    kept = [(line.partition("|")[2] if frame else line) if mark(line) else "" for line in lines]
    return kept, [number for number in outside if lines[number - 1].strip(" -+")]


def lines_in_words(numbers: Sequence[int], shown: int = SHOWN) -> str:
    """ "line 7", or "lines 7, 9, 12 and 4 more"."""
    few = ", ".join(map(str, numbers[:shown]))
    more = f" and {len(numbers) - shown} more" if len(numbers) > shown else ""
    return f"line{'s' * (len(numbers) > 1)} {few}{more}"


def _is_total(row: list[str]) -> bool:
    """Whether a row begins with "total" or the like and has hardly a number."""
    return bool(row) and bool(_TOTAL.match(row[0].strip())) and sum(map(is_number, row)) <= max(1, len(row) - 2)


def too_large(path: Path, most: int) -> UserError:
    return UserError(
        f"{path} has more than {most:,} rows, the most that are read; a formula is found from a few thousand. Keep "
        "the lowest levels of each theory, or fewer theories"
    )


def _only_at_end(text: bytes) -> bool:
    """Whether there are blank lines at the end only."""
    end = text.rstrip(b"\r\n")
    return not any(sign in end for sign in (b"\n\n", b"\n\r", b"\r\r", b"\0")) and len(text) - len(end) < 100


def _counts(line: str) -> bool:
    """Whether a line is no comment, not blank, and no rule between rows."""
    bare = line.strip()
    return bool(bare) and not bare.startswith(COMMENTS) and not _RULE.match(bare) and not _FOOTER.match(bare)


def fields_of(line: str, delimiter: str) -> list[str]:
    if delimiter == WHITESPACE:
        return [entry.strip('"') for entry in re.findall(r'"[^"]*"|\S+', line)]
    if delimiter == WIDE:
        return re.split(r"\s{2,}|\t", line.strip())
    if delimiter == "|":  # Markdown and the like
        line = line.strip().strip("|") if line.strip().startswith("|") else line
        return [_EMPHASISED.sub(r"\2", entry.strip()) for entry in line.split("|")]
    if delimiter == "&":
        line = re.sub(r"\\\\.*$", "", line)  # LaTeX
    entries = [entry.strip() for entry in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))]
    return [entry[1:-1] if len(entry) > 1 and entry[0] == entry[-1] == "'" else entry for entry in entries]


def _delimiter(lines: list[str]) -> str:
    """The separator that cuts most lines into as many entries as the rows usually have, at least two."""
    best, score = ",", 0.0
    for delimiter in (*DELIMITERS, WIDE, WHITESPACE):
        try:
            widths = [len(fields_of(line, delimiter)) for line in lines]
        except csv.Error:
            continue
        usual = max(set(widths[1:] or widths), key=(widths[1:] or widths).count)
        # The header may have one entry less than the rows (R's row names), or one more.
        header = {0: 1.0, 1: 0.95}.get(abs(widths[0] - usual), 0.3)
        fit = np.mean([width == usual for width in widths[1:] or widths]) * header
        if delimiter != WHITESPACE and any(_several_numbers(fields_of(line, delimiter)) for line in lines[1:10]):
            fit *= 0.4  # tabs and blanks mixed
        if usual > 1 and fit > score + 0.02:
            best, score = delimiter, fit
    return best


def _several_numbers(entries: list[str]) -> bool:
    """Whether one of the entries is two or more numbers separated by blanks, and no mixed number (1 1/2)."""
    parts = [entry.split() for entry in entries if len(entry.split()) > 1]
    return any(not is_number(" ".join(part)) and all(map(is_number, part)) for part in parts)


def is_number(text: str) -> bool:
    return read_entry(text) is not None or read_entry(text, ",") is not None


def header_like(fields: list[str]) -> bool:
    """Whether a line may be names: none of its entries is a number."""
    return not any(is_number(entry) for entry in fields)


def _titles(rows: list[list[str]]) -> int:
    """How many lines before the header are titles: of another width than the header and the rows below it."""
    for number in range(1, min(MOST_TITLES, len(rows) - 1)):
        header, body = rows[number], rows[number + 1 : number + 6]
        if (
            header_like(header)
            and any(is_number(entry) for row in body[:2] for entry in row)  # the first may be units
            and all(len(row) == len(header) for row in body)
            and all(header_like(row) and len(row) != len(header) for row in rows[:number])
        ):
            return number
    return 0


def _comment_header(lines: list[str], delimiter: str, width: int) -> list[str] | None:
    """The names in the last comment before the rows, where they are as many as the columns (numpy.savetxt)."""
    for line in reversed(lines):
        if line.strip().startswith(COMMENTS):
            bare = line.strip().lstrip('#%!/" ').strip()
            for separator in (delimiter, WHITESPACE, ",", WIDE):
                names = _without_numbers(fields_of(bare, separator) if bare else [])
                if len(names) == width and header_like(names):
                    return names
            return None
    return None


def _without_numbers(names: list[str]) -> list[str]:
    """The names of columns without their numbers: 1:k 2:l, as for gnuplot, or 1 k 2 l."""
    count = len(names) // 2
    if count and names[::2] == [str(number) for number in range(1, count + 1)] and len(names) == 2 * count:
        return names[1::2]
    matches = [_NUMBERED.match(name) for name in names]
    if len(names) > 1 and [match and match[1] for match in matches] == [str(i) for i in range(1, len(names) + 1)]:
        return [match[2].strip() for match in matches if match]
    return names


def _widened(names: list[str], body: list[list[str]]) -> tuple[list[str], bool]:
    """The names with an empty one for the row names that R and others write without a name."""
    if not body or any(len(row) != len(names) + 1 for row in body):
        return names, False
    if all(not row[-1] for row in body):
        return names, True
    row_names = [row[0] for row in body]
    counted = [str(number + start) for start in (0, 1) for number in range(len(body))]
    sequence = row_names in (counted[: len(body)], counted[len(body) :])
    if len(set(row_names)) == len(row_names) and (sequence or not any(map(is_number, row_names))):
        return ["", *names], True
    return names, True


def _has_units(body: list[list[str]]) -> bool:
    """Whether the first row has no number, or all its entries in brackets, while the next one has numbers."""
    if len(body) < 2:
        return False
    entries = [entry for entry in body[0] if not missing(entry)]
    bracketed = [bool(_BRACKETED.match(entry)) for entry in entries]
    if not entries or not any(map(is_number, body[1])):
        return False
    return (all(bracketed) and not all(map(_BRACKETED.match, body[1]))) or not any(map(is_number, body[0]))


def _decimal_of(columns: dict[int, pa.Array], delimiter: str) -> tuple[str, str]:
    """Whether entries have a decimal comma, and a note where a comma may be either."""
    doubtful = False
    for column in columns.values():
        if not pa.types.is_string(column.type):
            continue
        mask = pc.fill_null(pc.match_substring(column, ","), False)
        if not pc.any(mask).as_py():
            continue
        entries = column.filter(mask).slice(0, 10_000).to_pylist()
        if any(_DECIMAL_COMMA.match(entry) and not _THOUSANDS.match(entry) for entry in entries):
            return ",", "numbers have a decimal comma"
        doubtful |= all(_THOUSANDS.match(entry) for entry in entries)
    if doubtful and delimiter == ";":
        return ",", "numbers have a decimal comma"
    return ".", "commas were read as separators of thousands" if doubtful else ""
