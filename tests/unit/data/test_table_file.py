"""Files as tables: containers, encodings, separators, headers, and what is no table."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import sys
import zipfile
from decimal import Decimal
from fractions import Fraction as F
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.feather
import pyarrow.orc
import pyarrow.parquet as pq
import pytest

from cftsr.data import table_file
from cftsr.data.table_file import TableFile
from cftsr.data.user_file import SpectrumRequest, read_spectrum
from cftsr.errors import UserError

ROWS = [(k, l, F(l * (l + 2), 4 * (k + 2))) for k in range(1, 9) for l in range(k + 1)]
PLAIN = "k,l,h\n" + "".join(f"{k},{l},{h}\n" for k, l, h in ROWS)


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def read(path: str, **options) -> list[tuple]:
    """All rows of a file as (label, ..., label, target), sorted."""
    spectrum = read_spectrum(SpectrumRequest(**{"name": "mine", "file": path, "target": "h"} | options))
    return sorted(
        (*(part.value(column, whole) for column, whole in enumerate(point)), part.exact_target(row))
        for part in (spectrum.data, spectrum.held_out)
        for row, point in enumerate(part.x.tolist())
    )


def lines(text, separator: str = ",", header: str = "k,l,h") -> str:
    return "\n".join([separator.join(header.split(",")), *(text(k, l, h) for k, l, h in ROWS)]) + "\n"


TEXTS = {
    "comma": PLAIN,
    "blanks": lines(lambda k, l, h: f"{k:4d} {l:4d}   {h}", " "),
    "tabs": lines(lambda k, l, h: f"{k}\t{l}\t{h}", "\t"),
    "blank after the comma": lines(lambda k, l, h: f"{k}, {l}, {h}", ", "),
    "decimal comma": lines(lambda k, l, h: f"{k};{l};{float(h):.12f}".replace(".", ","), ";"),
    "decimal comma in quotes": lines(lambda k, l, h: f'{k},{l},"' + f'{float(h):.12f}"'.replace(".", ",")),
    "Excel's first line": "sep=;\n" + lines(lambda k, l, h: f"{k};{l};{h}", ";"),
    "quotes": lines(lambda k, l, h: f'"{k}","{l}","{h}"', ",", '"k","l","h"'),
    "blank lines": PLAIN.replace("\n", "\n\n"),
    "comments inside": PLAIN.replace("3,0,0", "# the third\n#3,0,5\n3,0,0"),
    "old Macintosh": PLAIN.replace("\n", "\r"),
    "Windows": PLAIN.replace("\n", "\r\n"),
    "Markdown": "| k | l | h |\n|---|:--|--:|\n" + "".join(f"| {k} | {l} | {h} |\n" for k, l, h in ROWS),
    "LaTeX": "\\begin{tabular}{rrr}\n$k$ & $l$ & $h$ \\\\\n\\hline\n"
    + "".join(f"{k} & {l} & $\\frac{{{h.numerator}}}{{{h.denominator}}}$ \\\\\n" for k, l, h in ROWS)
    + "\\end{tabular}\n",
    "numpy.savetxt": "# k l h\n" + "".join(f"{k:.18e} {l:.18e} {float(h):.18e}\n" for k, l, h in ROWS),
    "R's write.table": '"k" "l" "h"\n'
    + "".join(f'"{n}" {k} {l} {float(h):.15g}\n' for n, (k, l, h) in enumerate(ROWS, 1)),
    "R's write.csv": '"","k","l","h"\n' + "".join(f'"{n}",{k},{l},{h}\n' for n, (k, l, h) in enumerate(ROWS, 1)),
    "pandas' index": ",k,l,h\n" + "".join(f"{n},{k},{l},{h}\n" for n, (k, l, h) in enumerate(ROWS)),
    "an empty last column": PLAIN.replace("\n", ",\n"),
    "a separator at the end of rows": "k,l,h\n" + "".join(f"{k},{l},{h},\n" for k, l, h in ROWS),
    "units in a row": PLAIN.replace("k,l,h\n", "k,l,h\n,,(eV)\n"),
    "units in cells": lines(lambda k, l, h: f"{k},{l},{float(h):.12f} eV"),
    "units in the header": PLAIN.replace("k,l,h", "k,l,h [eV]"),
    "Fortran": lines(lambda k, l, h: f"{k:6d}{l:6d}  {float(h):.14E}".replace("E", "D"), " "),
    "Julia": lines(lambda k, l, h: f"{k},{l},{h.numerator}//{h.denominator}"),
    "a constant column": "c,k,l,h\n" + "".join(f"24,{k},{l},{h}\n" for k, l, h in ROWS),
    "a text column": "k,l,where,h\n" + "".join(f"{k},{l},Ref. {k % 3},{h}\n" for k, l, h in ROWS),
    "JSON records": json.dumps([{"k": k, "l": l, "h": str(h)} for k, l, h in ROWS]),
    "JSON lines": "\n".join(json.dumps({"k": k, "l": l, "h": float(h)}) for k, l, h in ROWS),
    "JSON columns": json.dumps({name: [str(row[i]) for row in ROWS] for i, name in enumerate("klh")}),
    "JSON of pandas": json.dumps({n: {str(r): str(row[i]) for r, row in enumerate(ROWS)} for i, n in enumerate("klh")}),
    "JSON split": json.dumps({"columns": ["k", "l", "h"], "data": [[k, l, str(h)] for k, l, h in ROWS]}),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_kinds_of_text(kind):
    Path("mine.txt").write_bytes(TEXTS[kind].encode())
    assert read("mine.txt") == ROWS


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_encodings_that_are_found_out(encoding):
    Path("mine.csv").write_bytes(PLAIN.encode(encoding))
    assert read("mine.csv") == ROWS


def test_latin_1_is_told():
    text = "k,l,Größe,h\n" + "".join(f"{k},{l},Maß {k * l},{h}\n" for k, l, h in ROWS)
    Path("mine.csv").write_bytes(text.encode("latin-1"))
    assert read("mine.csv", encoding="latin-1") == ROWS
    with pytest.raises(
        UserError, match=r"mine\.csv is not utf-8 text \(line 1\)\. Name its encoding: --encoding latin-1"
    ):
        read("mine.csv")
    with pytest.raises(UserError, match="there is no such encoding"):
        read("mine.csv", encoding="latin-99")


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_compressed_text(pack):
    Path("mine").write_bytes(pack(PLAIN.encode()))
    assert read("mine") == ROWS


def test_a_zip_archive_of_one_file():
    with zipfile.ZipFile("mine.zip", "w") as archive:
        archive.writestr("inside.csv", PLAIN)
    assert read("mine.zip") == ROWS
    with zipfile.ZipFile("mine.zip", "a") as archive:
        archive.writestr("other.csv", PLAIN)
    with pytest.raises(UserError, match="a zip archive with 2 files"):
        read("mine.zip")


k, l, h = zip(*ROWS, strict=True)
ARROW = {
    "integers of all kinds": {"k": pa.array(k, pa.uint8()), "l": pa.array(l, pa.int64()), "h": list(map(float, h))},
    "dictionaries": {
        "k": pa.array(map(str, k)).dictionary_encode(),
        "l": l,
        "h": pa.array(map(str, h)).dictionary_encode(),
    },
    "decimals": {"k": [Decimal(v) for v in k], "l": l, "h": [Decimal(f"{float(v):.12f}") for v in h]},
    "floats": {"k": list(map(float, k)), "l": pa.array(l, pa.float32()), "h": pa.array(map(float, h), pa.float32())},
    "large text": {
        "k": pa.array(map(str, k), pa.large_string()),
        "l": l,
        "h": pa.array(map(str, h), pa.large_string()),
    },
}


@pytest.mark.parametrize("types", ARROW)
def test_types_of_parquet_feather_and_orc(types):
    table = pa.table(ARROW[types])
    pq.write_table(table, "mine.parquet")
    pyarrow.feather.write_feather(table, "mine.feather")
    for path in ("mine.parquet", "mine.feather"):
        assert read(path) == ROWS


def test_orc_and_arrow_streams():
    table = pa.table({"k": k, "l": l, "h": list(map(str, h))})
    pyarrow.orc.write_table(table, "mine.orc")
    with pa.ipc.new_stream("mine.arrows", table.schema) as stream:
        stream.write_table(table)
    assert read("mine.orc") == read("mine.arrows") == ROWS


def test_a_pipe(monkeypatch):
    table_file._piped.cache_clear()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=BytesIO(gzip.compress(PLAIN.encode()))))
    assert read("-") == ROWS
    table_file._piped.cache_clear()


def test_a_workbook_is_read_or_named():
    pytest.importorskip("openpyxl")
    import pandas as pd

    pd.DataFrame(ROWS, columns=["k", "l", "h"]).astype(float).to_excel("mine.xlsx", index=False)
    assert read("mine.xlsx") == ROWS


BEGINNINGS = {
    b"\x89HDF\r\n\x1a\n": "an HDF5 file",
    b"SQLite format 3\0": "an SQLite database",
    b"\x93NUMPY\x01\0": "a NumPy array",
    b"\x80\x04\x95": "a Python pickle",
    b"%PDF-1.5": "a PDF document",
    b"<!DOCTYPE html>": "a document",
    bytes(range(256)) * 9: "it is binary",
}


@pytest.mark.parametrize("beginning", BEGINNINGS, ids=list(BEGINNINGS.values()))
def test_what_is_no_table_is_named_and_not_printed(beginning):
    Path("mine.csv").write_bytes(beginning + bytes(500))
    with pytest.raises(UserError) as error:
        read("mine.csv")
    assert BEGINNINGS[beginning] in str(error.value)
    assert str(error.value).isprintable()


@pytest.mark.parametrize("name", ["xl/workbook.xml", "mimetype"])
def test_a_workbook_without_its_reader_is_named(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    monkeypatch.setitem(sys.modules, "odf", None)
    with zipfile.ZipFile("mine.xlsx", "w") as archive:
        archive.writestr(name, "application/vnd.oasis.opendocument.spreadsheet")
    with pytest.raises(UserError, match=r"spreadsheet|Excel workbook") as error:
        read("mine.xlsx")
    assert "Save it as CSV" in str(error.value)


def test_a_table_without_a_header_line():
    Path("mine.csv").write_text(PLAIN.partition("\n")[2])
    with pytest.raises(
        UserError, match=r"mine\.csv has no header line: line 1 is '1,0,0'\. Name its columns: --columns"
    ):
        read("mine.csv")
    assert read("mine.csv", columns=("k", "l", "h")) == ROWS
    with pytest.raises(UserError, match=r"--columns names 2 column\(s\), and line 1 has 3 entries"):
        read("mine.csv", columns=("k", "h"))


def test_other_names_may_be_given():
    Path("mine.csv").write_text(PLAIN.replace("k,l,h", "a,b,c"))
    assert read("mine.csv", columns=("k", "l", "h")) == ROWS


def test_a_ragged_row_is_named_by_its_line():
    Path("mine.csv").write_text(PLAIN.replace("3,1,", "\n# aside\n3,1,7,"))
    with pytest.raises(UserError, match="line 10 has 4 entries under 3 columns: '3,1,7,3/20'"):
        read("mine.csv")


def test_names_of_columns_are_there_before_anything_is_read():
    Path("mine.csv").write_text(PLAIN)
    assert TableFile("mine.csv", None, (), 10**6).names == ["k", "l", "h"]
