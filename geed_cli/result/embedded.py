"""Results and other saved files inside a report page, digit for digit, and back out of it.

A page has one JSON object in a script element that no browser runs: the names of the files, the SHA-256 of their
text, and all of them together, rows that follow from others in their short form and long numbers apart, as two xz
streams in base 85. Pages come from strangers, too: nothing in them is run, and no more is unpacked than a saved result
may hold.
"""

import base64
import binascii
import hashlib
import json
import lzma
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import get_args

from geed_cli.choices import PAGE_SUFFIXES
from geed_cli.documents.document import printable
from geed_cli.errors import InputError
from geed_cli.result.derived_rows import Content, shortened, whole
from geed_cli.result.file import (
    checked_text,
    json_text,
    read_text,
    result_of,
    strict_json,
    strict_text,
)
from geed_cli.result.packed_numbers import apart, together
from geed_cli.result.part import Part
from geed_cli.result.schema import Result, Schema

MOST_EMBEDDED = 16 * 2**20
"""Bytes of JSON, all files of a page together, from which on they are not put into it."""
ELEMENT = "geed-results"
ENCODING = "xz, base85, short rows, numbers apart"
_OPENING = re.compile(rf'<script type="application/json" id="{ELEMENT}">')
_CLOSING = "</script>"
# base 85 has "<", with which an element could end, and not "/"
_TO_PAGE, _FROM_PAGE = str.maketrans("<", "/"), str.maketrans("/", "<")
MAX_BYTES = 512 * 2**20
"""To which a page's results are unpacked whatever the memory: a stream of zeros costs its maker nothing."""
_MEMORY = 256 * 2**20
_SMALLEST_WINDOW, _LARGEST_WINDOW = 2**12, 2**22  # of what xz takes, and of what a page's results may need


def embedded(parts: Mapping[str, Part]) -> str | None:
    """Results, and tracks or comparisons, as the contents of the element; None where a page should not be so large.

    Args:
        parts: by the names under which they are found again.
    """
    if sum(_least_size(part) for part in parts.values() if isinstance(part, Result)) > MOST_EMBEDDED:
        return None
    texts = {name: json_text(part) for name, part in parts.items()}
    size = sum(len(text) for text in texts.values())
    if size > MOST_EMBEDDED:
        return None
    short = [_short(text) for text in texts.values()]
    text, numbers = apart(json.dumps(short, separators=(",", ":")))
    preset = 9 if size < 2**21 else 3
    files = [
        {"name": name, "sha256": hashlib.sha256(text.encode()).hexdigest()} for name, text in texts.items()
    ]
    packed = {"text": _packed(text.encode(), preset), "numbers": _packed(numbers, preset)}
    return json.dumps({"encoding": ENCODING, "files": files, **packed}).replace("<", "\\u003c")


def _packed(data: bytes, preset: int) -> str:
    # the preset's own dictionary, of 64 MiB, takes longer to clear than small results to pack
    window = max(_SMALLEST_WINDOW, min(_LARGEST_WINDOW, 1 << max(len(data) - 1, 0).bit_length()))
    filters = [{"id": lzma.FILTER_LZMA2, "preset": preset, "dict_size": window}]
    return base64.b85encode(lzma.compress(data, filters=filters)).decode("ascii").translate(_TO_PAGE)


def _short(text: str) -> object:
    """The file as it is packed: its results in their short form, unless that does not lead back to the same text."""
    content = json.loads(text)
    short = _with_results(content, shortened)
    return short if strict_text(_with_results(json.loads(json.dumps(short)), whole)) == text else content


def _with_results(content: Content, change: Callable[[Content], Content]) -> Content:
    """The file with its results changed: a result itself, and those behind a track; others have none."""
    if "results" in content:
        return change(content)
    records = [record | {"result": change(record["result"])} for record in content.get("records", ())]
    return content | {"records": records} if records else content


def _least_size(result: Result) -> int:
    """Fewer bytes than the result has as JSON, without writing it: rows of images, ten bytes a number."""
    rows = 0
    for entry in result.results:
        if entry.per_image is not None:
            rows += len(entry.per_image.value) + len(entry.per_image.normaliser or ())
        if entry.to_another is not None:
            rows += len(entry.to_another.per_image or ())
    return 10 * rows


def is_page(path: Path) -> bool:
    """Whether a file's name says that it is a report page."""
    return path.suffix.lower() in PAGE_SUFFIXES


def read_page(path: Path) -> dict[str, Result]:
    """The results in a report page, by name.

    Raises:
        InputError: no page of geed's, one without results, or one whose results are broken or were changed.
    """
    contents = page_files(path)
    results = {
        name: result_of(content, path)
        for name, content in contents.items()
        if isinstance(content, dict) and content.get("schema") in get_args(Schema)
    }
    if not results:
        raise _no_results(
            path, f"it holds {', '.join(printable(name, 40) for name in contents)}, and no result"
        )
    return results


def page_files(path: Path) -> dict[str, object]:
    """What is in a report page, by name, as the JSON of a saved file is parsed.

    Raises:
        InputError: as ``page_texts``.
    """
    return {name: strict_json(checked_text(text, path), path) for name, text in page_texts(path).items()}


def page_texts(path: Path) -> dict[str, str]:
    """The JSON of each file in a report page, by name, as whole as it was, and not read yet.

    Raises:
        InputError: no page of geed's, one without results, or one whose results are broken or were changed.
    """
    page = read_text(path)
    opening = _OPENING.search(page)
    if opening is None:
        raise _no_results(path, "there are none in it, which it says under Method where they were too large")
    content = strict_json(page[opening.end() : page.find(_CLOSING, opening.end())], path)
    return _unpacked(content, path)


def page_file(path: Path) -> object:
    """The one file in a page, likewise.

    Raises:
        InputError: as ``page_texts``, or several.
    """
    contents = page_files(path)
    if len(contents) > 1:
        names = ", ".join(printable(name, 40) for name in contents)
        raise InputError(
            f"{path} holds {len(contents)} files: {names}",
            expected="a page of one track or one result here",
            remedy=f"geed compare {path} compares results; else name their own files",
        )
    return next(iter(contents.values()))


def _unpacked(content: object, path: Path) -> dict[str, str]:
    """The texts by name, each as long and as it was."""
    try:
        assert isinstance(content, dict)
        if content["encoding"] != ENCODING:
            raise _no_results(path, "their encoding is none that this version knows")
        names = [(str(file["name"]), str(file["sha256"])) for file in content["files"]]
        text, numbers = (_decompressed(content[part], path) for part in ("text", "numbers"))
        short = json.loads(together(text.decode(), numbers))
        assert isinstance(short, list)
        assert len(short) == len(names) == len(dict(names))
        found = {
            name: strict_text(_with_results(each, whole))
            for (name, _), each in zip(names, short, strict=True)
        }
    except (
        AssertionError,
        KeyError,
        TypeError,
        AttributeError,
        ValueError,
        binascii.Error,
        lzma.LZMAError,
    ) as error:
        raise _no_results(path, "they are broken") from error
    changed = [name for name, sha256 in names if hashlib.sha256(found[name].encode()).hexdigest() != sha256]
    if changed:
        raise _no_results(path, f"{printable(changed[0], 60)} is not what its SHA-256 says")
    return found


def _decompressed(part: str, path: Path) -> bytes:
    """One stream, no more of it than a saved result may hold."""
    opened = lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=_MEMORY)
    data = opened.decompress(base64.b85decode(part.translate(_FROM_PAGE)), max_length=MAX_BYTES)
    if not opened.eof:
        raise _no_results(path, f"they are larger than {MAX_BYTES} bytes, or cut off")
    return data


def _no_results(path: Path, why: str) -> InputError:
    return InputError(
        f"{path} has no results that could be read: {why}",
        expected="a page written by geed, with -o report.html",
        remedy="name the saved results themselves, files of geed audit … --json FILE",
    )
