"""Files as tables: text of many kinds, and what pyarrow and pandas read (Parquet, Feather, ORC, JSON, Excel)."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import json
import lzma
import re
import sys
import warnings
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather
import pyarrow.orc
import pyarrow.parquet as pq

from cftsr.data.text_table import FileColumns, TextTable, is_number, too_large
from cftsr.errors import UserError

PIPE = "-"
MOST_BYTES = 1 << 30  # of what is decompressed or comes through a pipe
# The first bytes of files that are not read, and what they are.
_KNOWN = (
    (b"\xd0\xcf\x11\xe0", "an Excel workbook of the old kind (.xls)"),
    (b"\x89HDF", "an HDF5 file"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\x93NUMPY", "a NumPy array (.npy), which has no names of columns"),
    (b"\x80\x04", "a Python pickle"),
    (b"\x80\x05", "a Python pickle"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "an image (PNG)"),
    (b"\xff\xd8\xff", "an image (JPEG)"),
    (b"MATLAB 5.0", "a MATLAB file"),
    (b"RDX", "an R workspace"),
    (b"{\\rtf", "a document (RTF)"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"CDF\x01", "a NetCDF file"),
    (b"CDF\x02", "a NetCDF file"),
)
# A list in a program's source: assigned to a name, or made into a matrix.
_LITERAL = re.compile(
    rb"\s*(?:(?:[Ii]n|[Oo]ut)\s?\[\d+\]:?=\s*|(?:gap|sage|julia|maxima|gp|\?|>>>|>>|>)>?\s+)?"  # a program's prompt
    rb"(?:[A-Za-z_]\w*\s*(?:=|:=|<-)\s*)?(?:[A-Za-z_][\w.]*\s*\((?:\s*(?:QQ|ZZ|RR|\d+)\s*,)*)?"
    rb"\s*(?=[\[{(]\s*[\[{(\d+\"'-])"
)
# A row of Mathematica's Dataset: <|"k" -> 1, "h" -> 1/4|>.
_ASSOCIATION, _RULE = re.compile(r"<\|(.*?)\|>", re.DOTALL), re.compile(r'"([^"]*)"\s*->\s*("[^"]*"|[^,|]+)')
_EXCEL = ("an Excel workbook", "openpyxl")
_CALC = ("a spreadsheet of LibreOffice or OpenOffice", "odfpy")


# What a kind of file is opened to: a reader of the columns in some places, and the names of all.
Opened = tuple[Callable[[list[int]], FileColumns], list[str]]


class TableFile:
    """A file's columns: their names at once, their entries on demand.

    path      of the file, or - for standard input
    encoding  of text; None to detect it
    columns   names in place of those of the header line, or where there is none
    most      the largest number of rows that is read
    """

    def __init__(self, path: str | Path, encoding: str | None, columns: tuple[str, ...], most: int):
        self.path, self.columns, self.most = Path(path), columns, most
        try:
            self._read, self.names = self._opened(encoding)
        except (OSError, EOFError, lzma.LZMAError, zipfile.BadZipFile, pa.ArrowException) as error:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise UserError(f"cannot read {path}: {reason}. Give a CSV file with a header line, or Parquet") from error

    def read(self, wanted: list[int]) -> FileColumns:
        """The columns in these places."""
        try:
            return self._read(wanted)
        except (OSError, pa.ArrowException) as error:
            raise UserError(f"cannot read {self.path}: {getattr(error, 'strerror', None) or error}") from error

    def digest(self) -> str:
        """A digest of the file's bytes, to tell whether it has changed."""
        if str(self.path) == PIPE:
            return hashlib.sha256(_piped()).hexdigest()[:16]
        with open(self.path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()[:16]

    def _opened(self, encoding: str | None) -> Opened:
        content = _piped() if str(self.path) == PIPE else None
        head = content[:512] if content is not None else _head(self.path)
        content, head = self._decompressed(content, head)
        return self._of_kind(content, head, encoding)

    def _of_kind(self, content: bytes | None, head: bytes, encoding: str | None) -> Opened:
        stream: Any = pa.BufferReader(content) if content is not None else str(self.path)
        if head[:4] == b"PAR1":
            return self._parquet(pq.ParquetFile(stream))
        if head[:4] == b"FEA1" or head[:6] == b"ARROW1":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Feather of the old kind can be read, too
                return self._columns(pyarrow.feather.read_table(stream))
        if head[:4] == b"\xff\xff\xff\xff":
            return self._columns(pa.ipc.open_stream(stream).read_all())
        if head[:3] == b"ORC":
            return self._columns(pyarrow.orc.read_table(stream))
        if head[:2] == b"PK":
            return self._archive(content, encoding)
        for beginning, what in _KNOWN:
            if head.startswith(beginning):
                if "Excel" in what:
                    return self._spreadsheet(content, what, "xlrd")
                raise UserError(f"{self.path} is {what}, which is not read. Export the table as CSV or Parquet")
        plain = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        if b"<|" in plain and plain[:1] not in (b"#", b"%"):
            rows = [dict(_RULE.findall(part)) for part in _ASSOCIATION.findall(self._text(content, "replace"))]
            if rows and all(rows):
                return self._columns(_texts({name: [row.get(name) for row in rows] for name in rows[0]}))
        if plain[:1] in (b"{", b"["):
            return self._json(self._text(content))
        if plain[:1] == b"<":
            raise UserError(f"{self.path} is a document (HTML or XML), which is not read. Export the table as CSV")
        if _LITERAL.match(plain) and (lines := _lines_of_lists(self._text(content, "replace"))):
            return self._lines(lines)
        return self._lines(content, encoding)

    def _text(self, content: bytes | None, errors: str = "strict") -> str:
        return (content if content is not None else self.path.read_bytes()).decode("utf-8-sig", errors)

    def _lines(self, content: bytes | str | None, encoding: str | None = "utf-8") -> Opened:
        """Lines of text: of the file, where content is None."""
        content = content.encode() if isinstance(content, str) else content
        table = TextTable(self.path, content, encoding, self.columns, self.most)
        return table.read, table.names

    def _decompressed(self, content: bytes | None, head: bytes) -> tuple[bytes | None, bytes]:
        opened: Any = None
        raw = io.BytesIO(content) if content is not None else self.path
        if head[:2] == b"\x1f\x8b":
            opened = gzip.open(raw)  # noqa: SIM115 - closed below
        elif head[:3] == b"BZh":
            opened = bz2.open(raw)  # noqa: SIM115
        elif head[:6] == b"\xfd7zXZ\0":
            opened = lzma.open(raw)  # noqa: SIM115
        elif head[:4] == b"\x28\xb5\x2f\xfd":
            opened = pa.CompressedInputStream(pa.BufferReader(content) if content else pa.OSFile(str(raw)), "zstd")
        if opened is None:
            return content, head
        with opened as stream:
            content = stream.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise UserError(f"{self.path} is more than {MOST_BYTES >> 30} gigabyte when decompressed; give fewer rows")
        return content, content[:512]

    # ---- kinds

    def _columns(self, table: pa.Table) -> Opened:
        names = self._names(table.column_names, len(table))

        def read(wanted: list[int]) -> FileColumns:
            return FileColumns(names, {place: _plain(table.column(place)) for place in wanted})

        return read, names

    def _parquet(self, file: pq.ParquetFile) -> Opened:
        own = file.schema_arrow.names
        names = self._names(own, file.metadata.num_rows)

        def read(wanted: list[int]) -> FileColumns:
            table = file.read(columns=[own[place] for place in wanted])
            return FileColumns(names, {place: _plain(table.column(i)) for i, place in enumerate(wanted)})

        return read, names

    def _names(self, own: list[str], rows: int) -> list[str]:
        if rows > self.most:
            raise too_large(self.path, self.most)
        names = [str(name).strip() for name in self.columns or own]
        if len(names) != len(own):
            raise UserError(f"{self.path} has {len(own)} columns, and --columns names {len(names)}")
        return names

    def _json(self, text: str) -> Opened:
        """Records, one per line or in a list; or columns. Numbers keep the digits with which they are written."""

        def load(part: str) -> Any:
            return json.loads(part, parse_int=str, parse_float=str)

        try:
            try:
                value = load(text)
            except json.JSONDecodeError:
                value = [load(line) for line in text.splitlines() if line.strip()]
        except json.JSONDecodeError as error:
            if lines := _lines_of_lists(text):
                return self._lines(lines)
            raise UserError(f"{self.path} is no JSON: {error}. Give records, one per line or in a list") from error
        columns = _from_json(value, self.columns)
        if columns is None:
            raise UserError(f"{self.path} is JSON but no table; give a list of records, or a list for each column")
        return self._columns(_texts(columns))

    def _archive(self, content: bytes | None, encoding: str | None) -> Opened:
        with zipfile.ZipFile(io.BytesIO(content) if content is not None else self.path) as archive:
            members = [
                member
                for member in archive.infolist()
                if not member.is_dir() and not member.filename.startswith("__MACOSX")
            ]
            inside = {member.filename for member in members}
            if "xl/workbook.xml" in inside or "xl/workbook.bin" in inside:
                return self._spreadsheet(content, *_EXCEL)
            if "mimetype" in inside and b"spreadsheet" in archive.read("mimetype"):
                return self._spreadsheet(content, *_CALC)
            if len(members) != 1:
                few = ", ".join(sorted(inside)[:3])
                raise UserError(
                    f"{self.path} is a zip archive with {len(members)} files ({few}); unpack it and give one"
                )
            if members[0].file_size > MOST_BYTES:
                raise UserError(f"{self.path} is more than {MOST_BYTES >> 30} gigabyte when unpacked; give fewer rows")
            inner = archive.read(members[0])
        return self._of_kind(inner, inner[:512], encoding)

    def _spreadsheet(self, content: bytes | None, what: str, reader: str) -> Opened:
        import pandas as pd

        try:
            sheet = pd.read_excel(
                io.BytesIO(content) if content is not None else self.path,
                header=None,
                dtype=object,
                keep_default_na=False,
            )
        except ImportError as error:
            raise UserError(
                f"{self.path} is {what}. Save it as CSV, or install the package {reader}, which reads it"
            ) from error
        except Exception as error:  # the readers raise what they like
            raise UserError(f"{self.path} is {what}, and cannot be read ({error}). Save it as CSV") from error
        # As text, so that headers, units and numbers are found as in a CSV file.
        lines = io.StringIO()
        sheet.to_csv(lines, sep="\t", header=False, index=False)
        return self._lines(lines.getvalue())


@cache
def _piped() -> bytes:
    content = sys.stdin.buffer.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise UserError(f"more than {MOST_BYTES >> 30} gigabyte came through the pipe; give fewer rows")
    return content


def _head(path: Path) -> bytes:
    with open(path, "rb") as stream:
        return stream.read(512)


def _plain(column: pa.ChunkedArray) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column.combine_chunks()


def _lines_of_lists(text: str) -> str:
    """A list of lists, {{1, 0, 1/4}, ...}, as lines with tabs; "" if the text is no such list.

    As Mathematica, Python, MATLAB or PARI write it; an assignment or a call around it is left out.
    """
    rows: list[list[str]] = []
    depth, entry = 0, ""
    if begins := _LITERAL.match(text.encode()):
        text = text[begins.end() :]  # what it matches is ASCII
    deep = bool(re.match(r"\s*[\[{(]\s*[\[{(]", text))  # PARI separates rows by semicolons instead
    level = 2 if deep else 1
    for letter in text:
        if letter in "[{(":
            depth += 1
            if depth == level:
                rows.append([])
                entry = ""
                continue
        elif letter in "]})":
            if depth == level and rows:
                rows[-1].append(entry.strip())
            depth -= 1
            if depth < 0 or (depth == 0 and deep):
                break  # of what stands behind
            if depth < level:
                continue
        if depth == level and letter in ",;" and rows:
            rows[-1].append(entry.strip())
            entry = ""
            if letter == ";" and not deep:
                rows.append([])
        elif depth >= level:
            entry += letter
    rows = [row for row in rows if any(row)]  # a separator at the end
    if all(len(row) == 1 for row in rows):
        rows = [part.split() for row in rows for part in row[0].splitlines()]  # MATLAB's
    if depth > 0 or len(rows) < 2 or len({len(row) for row in rows}) > 1 or len(rows[0]) < 2:
        return ""
    return "\n".join("\t".join(cell.strip("\"'") for cell in row) for row in rows) + "\n"


def _from_json(value: Any, columns: tuple[str, ...] = ()) -> dict[str, list] | None:
    if isinstance(value, dict) and isinstance(value.get("data"), list):
        schema = value.get("schema") or {}
        names = value.get("columns") or [field["name"] for field in schema.get("fields", [])]
        if schema.get("primaryKey") == ["index"] and all(isinstance(row, dict) for row in value["data"]):
            # The index that pandas adds is no column of the table.
            value = {**value, "data": [{k: v for k, v in row.items() if k != "index"} for row in value["data"]]}
        if names and all(isinstance(row, list) and len(row) == len(names) for row in value["data"]):
            return {str(name): [row[i] for row in value["data"]] for i, name in enumerate(names)}
        value = value["data"]
    if isinstance(value, dict):
        lists = [part for part in value.values() if isinstance(part, list) and len(part) > 1]
        if len(lists) == 1 and len(value) > 1 and all(isinstance(row, dict) for row in lists[0]):
            value = lists[0]  # beside what describes the table
    if isinstance(value, dict) and value and all(isinstance(part, dict) for part in value.values()):
        inner = {name for part in value.values() for name in part}
        if all(map(is_number, map(str, value))) and not any(map(is_number, map(str, inner))):
            value = list(value.values())  # rows by their numbers
    if isinstance(value, dict) and value:
        parts = [list(part.values()) if isinstance(part, dict) else part for part in value.values()]
        if all(isinstance(part, list) for part in parts) and len({len(part) for part in parts}) == 1:
            return dict(zip(map(str, value), parts, strict=True))
        value = [value]
    if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
        names = dict.fromkeys(name for row in value for name in row)
        return {str(name): [row.get(name) for row in value] for name in names}
    if isinstance(value, list) and len(value) > 1 and all(isinstance(row, list) for row in value):
        # Numbers were read as texts; names are no numbers.
        named = not any(_is_number(entry) for entry in value[0])
        head, rows = (value[0], value[1:]) if named else (columns, value)
        if len(set(map(str, head))) == len(head) and all(len(row) == len(head) for row in rows):
            return {str(name): [row[i] for row in rows] for i, name in enumerate(head)}
    return None


def _is_number(entry: Any) -> bool:
    return entry is None or isinstance(entry, bool) or (isinstance(entry, str) and is_number(entry))


def _texts(columns: dict[str, list]) -> pa.Table:
    return pa.table({name: pa.array(map(_json_text, entries), pa.string()) for name, entries in columns.items()})


def _json_text(entry: Any) -> str | None:
    if isinstance(entry, bool) or entry is None:
        return None if entry is None else str(int(entry))
    return entry if isinstance(entry, str) else json.dumps(entry)
