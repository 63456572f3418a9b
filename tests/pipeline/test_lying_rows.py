"""Row files whose checksums are right and whose contents are not: one error that says so, or a sound result.

Whoever changes a row file can make its checksums anew, so that these say nothing of where it came from.
"""

import json
import math
import random
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from support.networks import small_conv_net
from support.pictures import smooth_pictures

from geed_cli.errors import InputError
from geed_cli.models.network import Network
from geed_cli.pipeline.draw import listed
from geed_cli.pipeline.options import AuditOptions, ControlOptions, DataOptions, RunOptions
from geed_cli.pipeline.progress import Silent
from geed_cli.pipeline.shards.from_rows import LackingTilesError, assemble
from geed_cli.pipeline.shards.shard import Shard, run_shard
from geed_cli.result.file import result_of, strict_json, to_strict_json
from geed_cli.result.schema import Result
from geed_cli.result.soundness import check_sound
from geed_cli.rows.row_file import FRAME, MAGIC, framed, read_row_file
from geed_cli.rows.tile_record import HEAD
from geed_cli.rows.union import Union

GROUPS = ["flip"]
NAN = struct.pack("<d", math.nan)
JUNK = (
    None,
    True,
    0,
    -1,
    2**31,
    2**63,
    1e308,
    1.5,
    "",
    "x",
    "\ud800",
    [],
    [[]],
    {},
    {"a": 1},
    "<f8",
    "a" * 300,
)


@dataclass(frozen=True)
class Audit:
    """An audit whose rows lie in one file.

    Attributes:
        payloads: what the file's frames hold: the header, then a record for each of three tiles.
    """

    networks: Sequence[Network]
    options: AuditOptions
    recipe: dict[str, str]
    payloads: tuple[bytes, ...]

    def merged(self, payloads: Sequence[bytes], file: Path, begin: bytes = MAGIC) -> Result:
        """The result of a file with these frames, each under its right checksum."""
        file.write_bytes(begin + b"".join(map(framed, payloads)))
        stored = read_row_file(file)
        if stored.recipe != self.recipe:
            raise InputError("of another audit", expected="", remedy="")
        union = Union("fp32")
        union.add(stored.records)
        return assemble(self.networks, GROUPS, self.options, self.recipe, union, Silent())[0]


@pytest.fixture(scope="module")
def audit(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    folder = tmp_path_factory.mktemp("lying")
    smooth_pictures(folder / "pictures", 20, 16)
    data = DataOptions(folder / "pictures", samples=20)
    options = AuditOptions(data, run=RunOptions("cpu", 8), controls=ControlOptions(4))
    options = replace(options, data=listed(options.data))
    networks = [small_conv_net(size=16)]
    done = run_shard(networks, GROUPS, options, Shard(1, 1), folder / "rows", Silent())
    return Audit(networks, options, done.recipe, payloads_of(done.files[0].path.read_bytes()))


def payloads_of(data: bytes) -> tuple[bytes, ...]:
    """What the frames of a row file hold."""
    found, at = [], len(MAGIC)
    while at < len(data):
        size = int.from_bytes(data[at : at + HEAD], "little")
        found.append(data[at + FRAME : at + FRAME + size])
        at += FRAME + size
    return tuple(found)


def with_text(payload: bytes, change: Callable[[Any], Any]) -> bytes:
    """A record with another text before its numbers."""
    size = int.from_bytes(payload[:HEAD], "little")
    changed = json.dumps(change(json.loads(payload[HEAD : HEAD + size])), separators=(",", ":"))
    text = changed.encode("utf-8", "surrogatepass")
    return len(text).to_bytes(HEAD, "little") + text + payload[HEAD + size :]


def with_numbers(payload: bytes, kind: str, number: bytes) -> bytes:
    """A record with another first number of the first column of a kind."""
    size = int.from_bytes(payload[:HEAD], "little")
    head, at = json.loads(payload[HEAD : HEAD + size]), HEAD + size
    for key, type_, width, places in head["columns"][0]:
        if key[0] == kind:
            assert len(number) == int(type_[2])
            return payload[:at] + number + payload[at + len(number) :]
        at += int(type_[2]) * width * len(head["images"] if places is None else places)
    raise AssertionError(f"no {kind}")


def renamed(head: dict[str, Any], kind: str) -> dict[str, Any]:
    """A text in which the columns of a kind have another."""
    for column in head["columns"][0]:
        column[0][0] = "other" if column[0][0] == kind else column[0][0]
    return head


LIES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "no deviations": (
        lambda p: with_text(p, lambda head: renamed(head, "deviation")),
        "no number for some of .* images under deviation",
    ),
    "no features": (
        lambda p: with_text(p, lambda head: renamed(head, "embedding")),
        "no number for some of .* images under embedding",
    ),
    "a class that is no number": (
        lambda p: with_numbers(p, "top", NAN),
        "a top class that the network does not have",
    ),
    "outputs of no network": (
        lambda p: with_text(p, lambda head: head | {"outputs": []}),
        "a record of 1 networks with outputs of 0",
    ),
    "outputs that are text": (
        lambda p: with_text(p, lambda head: head | {"outputs": [["3", True, True]]}),
        "'3' in place of int",
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_lies_are_told(audit: Audit, tmp_path: Path, lie: str) -> None:
    """Each with what was found; the other records are as they were."""
    change, found = LIES[lie]
    with pytest.raises(InputError, match=found) as refused:
        audit.merged(
            [*audit.payloads[:2], change(audit.payloads[2]), *audit.payloads[3:]], tmp_path / "a.rows"
        )
    assert refused.value.expected
    assert refused.value.remedy
    assert refused.value.exit_code == 2


def test_what_was_not_changed_is_merged(audit: Audit, tmp_path: Path) -> None:
    """Which the tests here begin from."""
    assert audit.merged(audit.payloads, tmp_path / "a.rows").data.count == 20


@pytest.mark.parametrize("seed", [0, *(pytest.param(n, marks=pytest.mark.heavy) for n in range(1, 9))])
def test_random_changes(audit: Audit, tmp_path: Path, seed: int) -> None:
    """Bits, texts of other types and sizes, cut and longer records, headers, and other versions of the format."""
    chance = random.Random(seed)
    outcomes = {"refused": 0, "lacking": 0, "sound": 0}
    for _ in range(8 if seed == 0 else 40):
        payloads, begin = list(audit.payloads), MAGIC
        place = chance.randrange(len(payloads))
        payloads[place] = changed(payloads[place], chance, header=place == 0)
        if chance.random() < 0.05:
            begin = chance.choice([b"geed.rows/2\n", b"geed.rows/0\n", b"PK\x03\x04"])
        try:
            result = audit.merged(payloads, tmp_path / "a.rows", begin)
        except InputError:
            outcomes["refused"] += 1
        except LackingTilesError:
            outcomes["lacking"] += 1
        else:
            outcomes["sound"] += 1
            check_sound(result_of(strict_json(to_strict_json(result), tmp_path), tmp_path), "merged")
    assert outcomes["refused"] > 0


def changed(payload: bytes, chance: random.Random, *, header: bool) -> bytes:
    """Something else than a payload."""
    kind = chance.random()
    if kind < 0.3:
        bits = bytearray(payload)
        for _ in range(chance.choice((1, 1, 3, 10))):
            bits[chance.randrange(len(bits))] ^= 1 << chance.randrange(8)
        return bytes(bits)
    if kind < 0.4:
        return payload[: chance.randrange(len(payload))]
    if kind < 0.45:
        return payload + bytes(chance.randrange(1, 50))
    if header:
        return json.dumps(mutated(json.loads(payload), chance)).encode()
    return with_text(payload, lambda head: mutated(head, chance))


def mutated(value: object, chance: random.Random) -> object:
    """Plain values of which one, somewhere, is another, is gone or stands twice."""
    if not isinstance(value, dict | list) or not value or chance.random() < 0.15:
        return chance.choice(JUNK)
    place: Any = chance.choice(list(value) if isinstance(value, dict) else range(len(value)))
    other: Any = value.copy()
    kind = chance.random()
    if kind < 0.1:
        del other[place]
    elif kind < 0.2 and isinstance(other, list):
        other.insert(place, value[place])
    else:
        other[place] = mutated(value[place], chance)
    return other
