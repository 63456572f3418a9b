"""Strict YAML: what it means, where values stand, and everything it refuses."""

import os
from pathlib import Path

import pytest

from geed_cli.documents.strict_yaml import MAX_BYTES, parse_yaml, read_yaml
from geed_cli.errors import InputError


def test_plain_scalars_follow_the_core_schema() -> None:
    """Words stay words: only true/false, null and decimal numbers are anything else."""
    text = "[1, -2, 2.5, 1e3, true, False, null, ~, no, on, 1:30, 2020-01-01, 0x10, .nan, '1', !!str 5, !!int '5']"
    expected = [
        1, -2, 2.5, 1000.0, True, False, None, None,
        "no", "on", "1:30", "2020-01-01", "0x10", ".nan", "1", "5", 5,
    ]  # fmt: skip
    data = parse_yaml(text, "f").data
    assert data == expected
    assert [type(value) for value in data] == [type(value) for value in expected]


def test_every_value_knows_its_line() -> None:
    """Keys and list items are found by their path; an unknown path falls back to its nearest ancestor."""
    document = parse_yaml("# comment\na: 1\nb:\n  - x\n  - c: 2\n", "f.yaml")
    assert document.data == {"a": 1, "b": ["x", {"c": 2}]}
    assert [document.line(path) for path in [("a",), ("b",), ("b", 1), ("b", 1, "c")]] == [2, 3, 5, 5]
    assert document.at(("b", 0, "missing")) == "f.yaml:4"
    assert document.line(("zzz",)) == 1


REFUSED = {
    "a: 1\nb: &x 1": (2, "an anchor, &x"),
    "a: *x": (1, "an alias, *x"),
    "<<: {a: 1}": (1, "a merge key"),
    "a: 1\nb: 2\na: 3": (3, "the key 'a' again; it is already on line 1"),
    "a: {b: 1, b: 2}": (1, "the key 'b' again"),
    "? [1]\n: 2": (1, "a key that is a list or a mapping"),
    "a: !!python/object:os.system x": (1, "the tag tag:yaml.org,2002:python/object:os.system"),
    "a: !mine x": (1, "the tag !mine"),
    "a: !!timestamp 2020-01-01": (1, "the tag tag:yaml.org,2002:timestamp"),
    "---\na: 1\n---\nb: 2": (3, "a second document"),
    "a: " + "9" * 5000: (1, "a number of 5000 characters"),
    "a:\n " + "[" * 31 + "]" * 31: (2, "nesting deeper than 30"),
    "[" * 100_000: (1, "nesting deeper than 30"),
    "- " * 400: (1, "nesting deeper than 30"),
    "- 1\n" * 30_000: (20_000, "more than 20,000 values"),
    "a: [1": (1, "not YAML"),
    "a: 1\n\tb: 2": (2, "not YAML"),
    "a: \x00": (1, "not YAML: unacceptable character"),
    'a: "\\ud800"': (1, "half of a surrogate pair"),
}


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:12])
def test_refusals_name_the_line(text: str) -> None:
    """One InputError each, with file and line, whatever the parser below would have raised."""
    line, found = REFUSED[text]
    with pytest.raises(InputError) as refusal:
        parse_yaml(text, "f.yaml")
    assert refusal.value.exit_code == 2
    assert refusal.value.found.startswith(f"f.yaml:{line}: {found}")


def test_limits_are_met_exactly() -> None:
    """Thirty levels and 19,999 items in a list are still allowed."""
    assert parse_yaml("[" * 30 + "]" * 30, "f").data is not None
    assert len(parse_yaml("- 1\n" * 19_999, "f").data) == 19_999


def test_a_bomb_of_merge_keys_is_refused_at_its_first_anchor() -> None:
    """Doubling levels of aliases cost nothing, because the first anchor ends the work; else it would not end."""
    levels = "\n".join(f"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}]}}" for i in range(1, 40))
    with pytest.raises(InputError, match="an anchor"):
        parse_yaml("a0: &a0 {x: 1}\n" + levels, "f")


def test_control_characters_do_not_reach_the_terminal() -> None:
    """A key may spell an escape sequence; the message shows it escaped."""
    with pytest.raises(InputError) as refusal:
        parse_yaml('{"\\e[31m": 1, "\\e[31m": 2}', "f")
    assert "\x1b" not in str(refusal.value)
    assert "\\x1b[31m" in str(refusal.value)


def test_files(tmp_path: Path) -> None:
    """A byte order mark is fine; a missing, large or binary file is refused by name."""
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read_yaml(path).data == {"a": 1}
    with pytest.raises(InputError, match=r"there is no file"):
        read_yaml(tmp_path / "none.yaml")
    path.write_bytes(b"a: \xff\xfe")
    with pytest.raises(InputError, match=r"a.yaml is not UTF-8 text \(byte 3\)"):
        read_yaml(path)
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(InputError, match="larger than 1,000,000 bytes"):
        read_yaml(path)
    with pytest.raises(InputError, match="larger than 1,000,000 bytes"):
        parse_yaml("#" * (MAX_BYTES + 1), "f")


def test_a_named_pipe_is_refused(tmp_path: Path) -> None:
    """Reading it would wait for ever."""
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(InputError, match="is no regular file"):
        read_yaml(tmp_path / "pipe.yaml")
