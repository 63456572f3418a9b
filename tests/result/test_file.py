"""Saved results: strict JSON, a round trip, exactly that file, all or nothing."""

import json
import os
from pathlib import Path

import pytest
from support.results import small_result

from geed_cli.documents.document import unicode_text
from geed_cli.errors import InputError, RunError
from geed_cli.result import file as module
from geed_cli.result.file import (
    CONTROL_CHARACTERS,
    check_writable,
    checked_text,
    json_pieces,
    read_result,
    to_strict_json,
    write_atomically,
    write_result,
)


def test_a_result_survives_the_round_trip(tmp_path: Path) -> None:
    """Every number, digit for digit."""
    target = tmp_path / "r.json"
    write_result(small_result(), target)
    assert read_result(target) == small_result()
    assert os.listdir(tmp_path) == ["r.json"]


def test_the_schema_of_the_design() -> None:
    """The documented keys, in their order; per_image in the order of data.images; strict JSON."""
    text = to_strict_json(small_result())
    assert "NaN" not in text
    assert "Infinity" not in text
    content = json.loads(text)
    assert list(content) == [
        "schema", "status", "signature", "model", "data", "groups", "settings", "results",
        "grid_phase", "unsteady", "hidden_actions", "top_classes", "class_names", "accuracy", "by_class", "command",
        "environment", "timing",
    ]  # fmt: skip
    assert content["schema"] == "geed.result/2"
    assert content["data"]["count"] == len(content["data"]["images"]) == 24
    assert all(len(entry["per_image"]["value"]) == 24 for entry in content["results"] if entry["per_image"])
    paths = [image["path"] for image in content["data"]["images"]]
    assert paths == sorted(paths)


def test_an_old_file_is_replaced_whole_or_left(tmp_path: Path) -> None:
    """A folder that takes no new files leaves the old file as it was."""
    target = tmp_path / "r.json"
    target.write_text("old")
    write_atomically("new\n", target)
    assert target.read_text() == "new\n"
    assert os.listdir(tmp_path) == ["r.json"]


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    """The target is a folder: renaming fails, and the temporary file is gone."""
    target = tmp_path / "taken"
    target.mkdir()
    with pytest.raises(RunError, match="could not be written"):
        write_atomically("text", target)
    assert os.listdir(tmp_path) == ["taken"]


def test_targets_are_checked_before_the_work(tmp_path: Path) -> None:
    """A missing folder is found out before an hour of forward passes."""
    with pytest.raises(InputError, match="cannot write"):
        check_writable(tmp_path / "no" / "r.json")
    with pytest.raises(InputError, match="cannot write"):
        check_writable(tmp_path)
    check_writable(tmp_path / "r.json")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not strict JSON"),
        ("{", "not strict JSON"),
        ('{"schema": NaN}', "not strict JSON"),
        ("[" * 100_000, "not strict JSON"),
        ("[]", "another schema"),
        ('{"schema": "geed.result/9"}', "another schema"),
        ('{"schema": ["geed.result/2"]}', "another schema"),
        ('{"schema": "geed.result/1"}', "at status"),
        ('{"schema": "geed.result/2"}', "at status"),
    ],
)
def test_what_is_no_result_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """One clear error with exit code 2, never a traceback."""
    path = tmp_path / "r.json"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as refusal:
        read_result(path)
    assert refusal.value.exit_code == 2


def test_binary_and_missing_files_are_refused(tmp_path: Path) -> None:
    """Whatever was passed by mistake."""
    path = tmp_path / "r.json"
    with pytest.raises(InputError, match="there is no file"):
        read_result(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="cannot be read"):
        read_result(path)


def test_unknown_keys_are_refused(tmp_path: Path) -> None:
    """A key that nobody reads would be lost in silence."""
    content = json.loads(to_strict_json(small_result())) | {"extra": 1}
    path = tmp_path / "r.json"
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match="at extra"):
        read_result(path)


@pytest.mark.parametrize("around", ["{} plain", "− × {} 漢", "a \\ {}", "\\\\{}"])
def test_control_characters_are_found_in_any_text(around: str, tmp_path: Path) -> None:
    """Those and no others, whether or not the text has other signs or a backslash."""
    for number in (*range(0x100), 0x2028, 0xFFFF):
        text = around.format(chr(number))
        if CONTROL_CHARACTERS.search(text):
            with pytest.raises(InputError, match="control characters"):
                checked_text(text, tmp_path)
        else:
            assert checked_text(text, tmp_path) == text
        control = (number < 0x20 or 0x7F <= number <= 0x9F) and chr(number) not in "\t\n\r"
        assert not control or CONTROL_CHARACTERS.search(text)


def test_a_text_that_is_written_in_pieces_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Characters of several bytes, and bytes that are no UTF-8, at any border of two pieces."""
    text = "añ€😀\udcff" * 3
    whole = unicode_text(text).encode()
    for size in (1, 2, 3, 7, 100):
        monkeypatch.setattr(module, "PIECE", size)
        for content, written in ((text, whole), (whole, whole), (iter(text), whole)):
            write_atomically(content, tmp_path / "text")
            assert (tmp_path / "text").read_bytes() == written


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_result_in_pieces_is_its_json(count: int) -> None:
    """Also where a picture's name has bytes that are no UTF-8, and where texts look like the place that is filled."""
    result = small_result()
    entry = result.results[0].model_copy(update={"notes": ('\n "results": []', "−")})
    odd = result.data.model_copy(update={"root": 'p\udcff\n "results": []'})
    for data in (result.data, odd):
        made = result.model_copy(update={"results": (entry,) * count, "data": data})
        assert "".join(json_pieces(made)) == to_strict_json(made)
