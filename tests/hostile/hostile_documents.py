"""Specs, saved results and pictures that must be refused, with the words of the refusal."""

import io
import json
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

HEAD = "model: {source: timm, name: resnet18}\nweights: {origin: random}\n"


@dataclass(frozen=True)
class HostileText:
    """A document and its fate: ``text(canary)`` is refused with ``says``."""

    name: str
    text: Callable[[Path], str]
    says: str


def plain(text: str) -> Callable[[Path], str]:
    """The same text whatever the canary."""
    return lambda _: text


def code(canary: Path) -> str:
    return f"model: !!python/object/apply:os.mkdir [{str(canary)!r}]\n"


def python_spec(canary: Path) -> str:
    """A spec that asks for code, with a module beside it that would create the canary when imported."""
    (canary.parent / "stranger.py").write_text(f"import os\nos.mkdir({str(canary)!r})\n")
    return "model: {source: python, name: 'stranger:build'}\nweights: {origin: random}\n"


def doubled(levels: int) -> str:
    lines = ["a0: &a0 {x: 1}"] + [f"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}]}}" for i in range(1, levels)]
    return "\n".join(lines)


DOCUMENTS = (
    HostileText("a Python object", code, "the tag tag:yaml.org,2002:python/object"),
    HostileText("a Python name", plain("a: !!python/name:os.system"), "the tag"),
    HostileText("code without --allow-code", python_spec, "would import the Python module 'stranger'"),
    HostileText("an alias bomb", plain(doubled(30)), "an anchor, &a0"),
    HostileText("a merge key", plain("a: {<<: {b: 1}}"), "a merge key"),
    HostileText("a key twice", plain(HEAD + "weights: {origin: file, path: x}\n"), "the key 'weights' again"),
    HostileText("two documents", plain(HEAD + "---\n" + HEAD), "a second document"),
    HostileText("nested 5000 deep", plain("a: " + "[" * 5000), "nesting deeper than 30"),
    HostileText("a megabyte", plain("#" * 1_000_001), "larger than 1,000,000 bytes"),
    HostileText("30,000 values", plain("a: [" + "1," * 30_000 + "]"), "more than 20,000 values"),
    HostileText("a number of 5000 digits", plain("a: " + "9" * 5000), "a number of 5000 characters"),
    HostileText("half a surrogate pair", plain('a: "\\ud800"'), "not YAML|surrogate"),
    HostileText("no mapping", plain("- a\n- b\n"), "holds a list"),
    HostileText("nothing", plain(""), "holds empty"),
    HostileText("an unknown key", plain(HEAD + "allow_code: true\n"), "unknown key 'allow_code'"),
    HostileText("pickles allowed", plain(HEAD + "allow_pickle: true\n"), "unknown key 'allow_pickle'"),
    HostileText("escapes in a key", plain(HEAD + '"\\e[2J": 1\n'), r"unknown key '\\x1b\[2J'"),
    HostileText("control characters", plain("a: \x1b[2J"), "not YAML"),
    HostileText(
        "a file outside its package",
        plain(
            "model: {source: timm, name: resnet18}\nweights: {origin: package, package: os, path: ../../x}"
        ),
        "leads out of the package",
    ),
    HostileText(
        "a broken regular expression",
        plain("model: {source: timm, name: resnet18}\nweights: {origin: file, path: a, rename: {'(': ''}}"),
        "not a regular expression",
    ),
)
"""Spec files."""


def saved(result: str, **values: object) -> str:
    """A sound result with some top-level values replaced."""
    return json.dumps(json.loads(result) | values)


RESULTS: tuple[tuple[str, Callable[[str], str], str], ...] = (
    ("empty", lambda _: "", "not strict JSON"),
    ("cut off", lambda result: result[:-30], "not strict JSON"),
    ("NaN", lambda result: result.replace('"status"', '"x": NaN, "status"', 1), "not strict JSON"),
    ("infinity by overflow", lambda result: saved(result, timing={"total_s": 1e300}), "at timing"),
    ("nested", lambda _: '{"schema":' * 50_000, "not strict JSON"),
    ("digits", lambda _: "9" * 6000, "not strict JSON"),
    ("another schema", lambda result: saved(result, schema="geed.result/9"), "another schema"),
    ("a list", lambda _: "[1]", "another schema"),
    ("a key too many", lambda result: saved(result, extra=1), "at extra"),
    ("a key missing", lambda result: saved(result, model={}), r"at model\."),
    ("a wrong type", lambda result: saved(result, results="many"), "at results"),
    ("terminal escapes", lambda result: saved(result, signature="\x1b]0;owned\x07"), "control characters"),
    ("half a surrogate pair", lambda result: saved(result, signature="\ud800"), "not strict JSON"),
)
"""Saved results: name, what is made of a sound one, words of the refusal."""


def picture(image_format: str, **options: object) -> bytes:
    """A small sound picture."""
    values = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, image_format, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _png(width: int, height: int, rows: bytes) -> bytes:
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def _frames() -> bytes:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "PNG", save_all=True, append_images=frames[1:])
    return buffer.getvalue()


def _flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def _sixteen() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.full((4, 4), 40_000, dtype=np.uint16)).save(buffer, "PNG")
    return buffer.getvalue()


PICTURES: tuple[tuple[str, Callable[[], bytes], str], ...] = (
    ("empty", lambda: b"", "empty file"),
    ("text", lambda: b"not a picture at all", "not a readable"),
    ("a GIF by its contents", lambda: picture("GIF"), "GIF by its contents"),
    (
        "an EPS, which is a program",
        lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        "not a readable",
    ),
    ("a web page", lambda: b"<html><img src=x onerror=alert(1)>", "not a readable"),
    ("an SVG", lambda: b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", "SVG by its contents"),
    ("40,000 × 40,000 pixels", lambda: _png(40_000, 40_000, bytes(1000)), "too large"),
    ("100 megapixels", lambda: _png(10_000, 10_000, bytes(1000)), "too large: 10000 × 10000 pixels"),
    ("2^31 pixels wide", lambda: _png(2**31 - 1, 1, bytes(1000)), "too large|damaged"),
    ("a JPEG cut off", lambda: picture("JPEG")[:-200], "truncated or damaged"),
    ("a PNG cut off", lambda: picture("PNG")[:-200], "truncated or damaged|not a readable"),
    ("a PNG without its end", lambda: picture("PNG")[:-12], "truncated or damaged"),
    ("a PNG with one flipped bit", lambda: _flipped(picture("PNG"), 200), "truncated or damaged"),
    ("too little data", lambda: _png(64, 64, bytes(100)), "truncated or damaged"),
    ("two frames", _frames, "several frames"),
    ("16 bits", _sixteen, "16 bits"),
    ("a TIFF that points behind its end", lambda: b"II*\x00\xff\xff\xff\x7f", "damaged|not a readable"),
)
"""Pictures: name, contents, words of the refusal."""
