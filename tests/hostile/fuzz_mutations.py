"""Mutations of files: what bad luck does (flips, cuts) and what malice does (splices, lies about sizes, bombs).

Each takes the bytes, a donor of the same kind and a seeded generator, and returns other bytes. Kinds whose checksums
would stop every mutation at the door have repacking variants, which put the checksums right again.
"""

import io
import pickletools
import random
import struct
import zipfile
import zlib
from collections.abc import Callable

Mutation = Callable[[bytes, bytes, random.Random], bytes]

CANARY = "CANARY"
"""Working folder's file that any code execution creates."""
EXPRESSION = b"__import__('os').mkdir('CANARY')"
CALLS = (
    b"cposix\nsystem\n(X\x0c\x00\x00\x00touch CANARYtR",
    b"c__builtin__\neval\n(X" + struct.pack("<I", len(EXPRESSION)) + EXPRESSION + b"tR",
    b"cos\nmkdir\nX\x06\x00\x00\x00CANARY\x85R",
    b"\x8c\x05posix\x8c\x05mkdir\x93\x8c\x06CANARY\x85R",
)
"""Instructions that run code where they are carried out without restrictions."""
OPCODES = (
    b"ctorch._utils\n_rebuild_tensor_v2\n",
    b"ccollections\nOrderedDict\n)R",
    b"Q", b"h\x00", b"q\x00", b"b", b"R", b"\x81", b"\x92", b"u", b"s", b"2", b"0", b"\x94", b"(" * 50, b"]" * 500,
)  # fmt: skip
YAML_BITS = (
    "!!python/object/apply:os.mkdir [CANARY]", "&a [*a, *a]", "<<: *a", "{" * 60, "[" * 60, "9" * 100, "1e999",
    "---", "? [a]: b", "!!binary aaaa", '"\\ud800"', "\x00", "\t", "'", "~", "-", ":", "source: python",
    "name: 'CANARY:x'", "path: /dev/zero", "rename: {'(': ''}", "size: -1", "size: 1e30", "layers: ['*']",
)  # fmt: skip
JSON_BITS = (
    "NaN", "1e999", "-1e999", "9" * 5000, "[" * 5000, '"\\ud800"', "\\u001b[2J", "null", "{}", "[]", "-1", '""',
    '{"schema": "geed.result/1"}', "true", "0.1", '"x"', ",", "}", "\x00",
)  # fmt: skip


def flip_one(data: bytes, _: bytes, rng: random.Random) -> bytes:
    """One bit."""
    return flipped(data, rng, 1)


def flip_many(data: bytes, _: bytes, rng: random.Random) -> bytes:
    """Up to 64 bits."""
    return flipped(data, rng, rng.randint(2, 64))


def flipped(data: bytes, rng: random.Random, count: int) -> bytes:
    out = bytearray(data)
    for _ in range(count):
        out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


def cut(data: bytes, _: bytes, rng: random.Random) -> bytes:
    """The end is lost."""
    return data[: rng.randrange(len(data))]


def cut_out(data: bytes, _: bytes, rng: random.Random) -> bytes:
    """A stretch in the middle is lost."""
    begin, end = sorted((rng.randrange(len(data)), rng.randrange(len(data))))
    return data[:begin] + data[end:]


def splice(data: bytes, donor: bytes, rng: random.Random) -> bytes:
    """The beginning of one file with the end of another."""
    return data[: rng.randrange(len(data))] + donor[rng.randrange(len(donor)) :]


def transplant(data: bytes, donor: bytes, rng: random.Random) -> bytes:
    """A stretch of another file over a stretch of this one."""
    size = rng.randint(1, min(len(data), len(donor), 200))
    begin, source = rng.randrange(len(data) - size + 1), rng.randrange(len(donor) - size + 1)
    return data[:begin] + donor[source : source + size] + data[begin + size :]


def lie(data: bytes, _: bytes, rng: random.Random) -> bytes:
    """Extreme numbers where sizes, counts and offsets may stand."""
    out = bytearray(data)
    for _i in range(rng.randint(1, 3)):
        number = rng.choice((0, 1, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 1 << 40, (1 << 64) - 1))
        form = rng.choice(("<H", "<I", ">I", "<Q", ">H"))
        raw = struct.pack(form, number & ((1 << 8 * struct.calcsize(form)) - 1))
        begin = rng.randrange(max(1, len(out) - len(raw)))
        out[begin : begin + len(raw)] = raw
    return bytes(out)


def bomb(data: bytes, _: bytes, rng: random.Random) -> bytes:
    """A short stretch two thousand times over."""
    begin = rng.randrange(len(data))
    part = data[begin : begin + rng.randint(1, 40)]
    return data[:begin] + part * 2000 + data[begin:]


def append(data: bytes, donor: bytes, rng: random.Random) -> bytes:
    """More behind the end: noise, or a whole other file."""
    return data + rng.choice((donor, rng.randbytes(50), b"PK\x05\x06" + bytes(18)))


def repack_zip(data: bytes, donor: bytes, rng: random.Random) -> bytes:
    """A torch.save archive with a member changed and all checksums right."""
    with zipfile.ZipFile(io.BytesIO(data)) as old:
        chosen = rng.choice([name for name in old.namelist() for _ in range(8 if "pkl" in name else 1)])
    change = rng.choice((flip_one, flip_many, cut, transplant, lie))
    return _repacked(data, chosen, lambda body: change(body or b"\0", donor, rng))


def repack_pickle(data: bytes, donor: bytes, rng: random.Random) -> bytes:
    """A torch.save archive with foreign instructions in its pickle and all checksums right."""
    return _repacked(data, "archive/data.pkl", lambda body: opcode(body, donor, rng))


def _repacked(data: bytes, chosen: str, change: Callable[[bytes], bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            body = old.read(name)
            new.writestr(name, change(body) if name == chosen else body)
    return target.getvalue()


def opcode(data: bytes, _: bytes, rng: random.Random) -> bytes:
    """Pickle instructions somewhere in a pickle; mostly between two others, where they are carried out."""
    begin = rng.choice(_between_instructions(data)) if rng.random() < 0.8 else rng.randrange(len(data))
    return (
        data[:begin] + rng.choice(rng.choice((CALLS, OPCODES))) + data[begin + rng.choice((0, 0, 0, 1, 4)) :]
    )


def _between_instructions(data: bytes) -> list[int]:
    """Where instructions begin in the pickles that ``data`` starts with."""
    places, stream = [0], io.BytesIO(data)
    try:
        while stream.tell() < len(data):
            places += [place for _, _, place in pickletools.genops(stream) if place is not None]
    except (ValueError, IndexError):  # behind the last pickle
        pass
    return places


def header(data: bytes, donor: bytes, rng: random.Random) -> bytes:
    """A safetensors file with its JSON header changed and its length put right."""
    (size,) = struct.unpack("<Q", data[:8])
    text = rng.choice((flip_one, transplant, cut_out, json_bit))(data[8 : 8 + size], donor[8:], rng)
    return struct.pack("<Q", len(text)) + text + data[8 + size :]


def repack_png(data: bytes, donor: bytes, rng: random.Random) -> bytes:
    """A PNG with one chunk changed and its checksum right."""
    chunks, place = [], 8
    while place + 12 <= len(data):
        (size,) = struct.unpack(">I", data[place : place + 4])
        chunks.append((data[place + 4 : place + 8], data[place + 8 : place + 8 + size]))
        place += 12 + size
    number = rng.randrange(len(chunks))
    kind, body = chunks[number]
    chunks[number] = (kind, rng.choice((flip_one, lie, cut, transplant))(body or b"\0", donor, rng))
    made = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    return data[:8] + made


def yaml_bit(data: bytes, _: bytes, rng: random.Random) -> bytes:
    """Something that YAML can do and specs must not."""
    return _insert(data, rng.choice(YAML_BITS), rng)


def json_bit(data: bytes, _: bytes, rng: random.Random) -> bytes:
    """Another value in place of one, or something that is no strict JSON."""
    return _insert(data, rng.choice(JSON_BITS), rng)


def _insert(data: bytes, bit: str, rng: random.Random) -> bytes:
    """Behind a colon, comma or line end, in place of what stands there or in front of it."""
    places = [i + 1 for i, byte in enumerate(data) if byte in b":,\n"] or [0]
    begin = rng.choice(places)
    end = begin
    if rng.random() < 0.6:
        while end < len(data) and data[end] not in b",\n}]":
            end += 1
    return data[:begin] + b" " + bit.encode("utf-8", "surrogatepass") + data[end:]


def lines(data: bytes, donor: bytes, rng: random.Random) -> bytes:
    """Lines repeated, dropped, swapped, or taken from elsewhere."""
    rows, others = data.splitlines(keepends=True), donor.splitlines(keepends=True)
    for _ in range(rng.randint(1, 4)):
        begin = rng.randrange(len(rows))
        rows[begin : begin + rng.choice((0, 1, 1))] = [rng.choice(rows), rng.choice(others)][
            : rng.randint(0, 2)
        ]
        rows = rows or [b"\n"]
    return b"".join(rows)


BYTES: tuple[Mutation, ...] = (
    flip_one, flip_one, flip_many, cut, cut_out, splice, transplant, lie, bomb, append,
)  # fmt: skip
"""For any kind of file."""
