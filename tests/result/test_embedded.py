"""Results inside a page: they come out digit for digit, and nothing else comes out of a page."""

import json
import lzma
import re
from pathlib import Path

import pytest
from support.pages import LITE0, page_of, real

from geed_cli.errors import InputError
from geed_cli.report.html.page_contents import PageContents
from geed_cli.report.html.report_page import UNPACK, report_page
from geed_cli.result import embedded as module
from geed_cli.result.derived_rows import shortened, whole
from geed_cli.result.embedded import embedded, page_file, page_texts, read_page
from geed_cli.result.file import json_text, to_strict_json
from geed_cli.result.packed_numbers import apart, together
from geed_cli.tracking.record import Record, Track
from geed_cli.tracking.track import track_of


def page(tmp_path: Path, inside: str) -> Path:
    """A page with that between the tags."""
    path = tmp_path / "page.html"
    path.write_text(
        f'<p>x</p><script type="application/json" id="geed-results">{inside}</script>', encoding="utf-8"
    )
    return path


def a_track(steps: int = 1) -> Track:
    """The real result, as of so many steps."""
    records = [
        Record(
            label="run",
            step=step,
            step_from="the file name",
            file=f"{step}.pt",
            source="result",
            result=real(),
        )
        for step in range(steps)
    ]
    return track_of(records, None)


def test_a_result_comes_out_as_it_went_in(tmp_path: Path) -> None:
    """The same file, byte for byte, under the same name, whatever its name."""
    path = tmp_path / "report.html"
    results = {"lite0": real(), "</script><b>": real(signature="other <!-- <script> \u2028")}
    path.write_text(page_of(results), encoding="utf-8")
    found = read_page(path)
    assert list(found) == list(results)
    assert {name: to_strict_json(each) for name, each in found.items()} == {
        name: to_strict_json(each) for name, each in results.items()
    }


@pytest.mark.parametrize("called", ["lite0", "track"])
def test_it_comes_out_without_geed_too(tmp_path: Path, called: str) -> None:
    """By the lines that the page prints, as they are printed; a track beside a result, whatever that is called."""
    import subprocess
    import sys

    track = a_track()
    text = report_page(PageContents({called: real()}, track=track))
    (tmp_path / "report.html").write_text(text, encoding="utf-8")
    assert list(page_texts(tmp_path / "report.html")) == [
        called,
        "the track" if called == "track" else "track",
    ]
    assert UNPACK.startswith("python - report.html <<'END'\n")
    script = UNPACK.partition("\n")[2].removesuffix("\nEND")
    subprocess.run([sys.executable, "-", "report.html"], input=script, text=True, check=True, cwd=tmp_path)
    for number, part in enumerate((real(), track)):
        file = tmp_path / f"result_{number}.json"
        assert json.loads(file.read_text(encoding="utf-8")) == json.loads(to_strict_json(part))


def test_a_track_comes_out_as_it_went_in(tmp_path: Path) -> None:
    """Its results' rows are as short as those of results; who asks for results is told that there is none."""
    track = a_track()
    path = tmp_path / "t.html"
    path.write_text(report_page(PageContents(track=track)), encoding="utf-8")
    assert page_texts(path) == {"track": json_text(track)}
    assert Track.model_validate(page_file(path)) == track
    alone, twice = (len(embedded({"track": a_track(number)}) or "") for number in (1, 2))
    result = len(embedded({"lite0": real()}) or "")
    assert alone < 1.1 * result
    assert twice < 2.2 * result
    with pytest.raises(InputError, match="it holds track, and no result"):
        read_page(path)


def test_rows_that_follow_from_others_are_short() -> None:
    """A layer's place on the way: whole numbers in place of doubles, back to the same bits; others stay as they are."""
    content = json.loads(json_text(real()))
    short = shortened(content)
    assert content == json.loads(json_text(real()))
    forms = {
        (entry["metric"], type(entry["to_another"]["per_image"]).__name__)
        for entry in short["results"]
        if entry["to_another"]
    }
    assert forms == {
        ("latent.l2", "list"),
        ("channelwise.cosine", "dict"),
        ("channelwise.correlation", "dict"),
    }
    assert whole(json.loads(json.dumps(short))) == content
    moved = json.loads(json_text(real()))
    layer = next(entry for entry in moved["results"] if entry["layer"])
    layer["to_another"]["per_image"][0] *= 1.001
    assert whole(shortened(moved)) == moved
    kept = next(entry for entry in shortened(moved)["results"] if entry["layer"])
    assert isinstance(kept["to_another"]["per_image"], list)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1, 2.5, 0.1]",
        "[0.1234567890123, -1.2345678901234567e-12, 0.30000000000000004]",
        '{"note": "0.1234567890123 of version 1.234567.8, at -0.000000", "x": 0.12345670}',
        "[0.123456789012345678901234567890, 1.234567e5, 0.1234567e-310, -0.1234567890123]",
    ],
)
def test_numbers_are_apart_and_together_again(text: str) -> None:
    """Also within words, and where a number is not written as the shortest of its double, which then stays."""
    gaps, planes = apart(text)
    assert together(gaps, planes) == text
    assert len(planes) == 8 * gaps.count("\0")


def test_numbers_are_as_many_as_gaps() -> None:
    """Neither is guessed."""
    gaps, planes = apart("[0.1234567890123]")
    with pytest.raises(ValueError, match="zip"):
        together(gaps + "\0", planes)
    with pytest.raises(ValueError, match="zip"):
        together("[]", planes)


def test_results_that_are_too_large_are_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The page says so, and reading it back is refused with what to name instead."""
    monkeypatch.setattr(module, "MOST_EMBEDDED", LITE0.stat().st_size // 4)
    assert embedded({"lite0": real()}) is None
    path = tmp_path / "report.html"
    path.write_text(page_of({"lite0": real()}), encoding="utf-8")
    assert "not in this page" in path.read_text(encoding="utf-8")
    with pytest.raises(InputError, match="no results") as refused:
        read_page(path)
    assert "--json" in refused.value.remedy


def test_a_page_of_several_is_no_single_file(tmp_path: Path) -> None:
    """What can be done with it is said."""
    path = tmp_path / "report.html"
    path.write_text(page_of({"a": real(), "b": real()}), encoding="utf-8")
    with pytest.raises(InputError, match="holds 2 files: a, b") as refused:
        page_file(path)
    assert f"geed compare {path}" in refused.value.remedy


def _bomb() -> str:
    content = json.loads(embedded({"a": real()}) or "")
    packed = lzma.compress(b"0" * 10**7)
    content["text"] = module.base64.b85encode(packed).decode().replace("<", "/")
    return json.dumps(content)


_FILE = '{"name": "b", "sha256": ""}'
BROKEN = {
    "no JSON": lambda: "{",
    "a list": lambda: "[]",
    "no keys": lambda: "{}",
    "another encoding": lambda: (embedded({"a": real()}) or "").replace(
        "xz, base85, short rows, numbers apart", "pickle"
    ),
    "no base 85": lambda: re.sub(r'"text": "....', '"text": "\\\\u00e9   ', embedded({"a": real()}) or ""),
    "cut off": lambda: re.sub(r'.{100}"}$', '"}', embedded({"a": real()}) or ""),
    "another hash": lambda: re.sub(r'"sha256": "....', '"sha256": "0000', embedded({"a": real()}) or ""),
    "a name too many": lambda: (embedded({"a": real()}) or "").replace('"files": [', f'"files": [{_FILE}, '),
    "no list of texts": _bomb,
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_page_is_refused(tmp_path: Path, kind: str) -> None:
    """With one error that names the file, whatever is wrong with it."""
    with pytest.raises(InputError) as refused:
        read_page(page(tmp_path, BROKEN[kind]()))
    assert "page.html" in refused.value.found


def test_no_more_is_unpacked_than_a_result_may_hold(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A stream of zeros ends at the limit."""
    monkeypatch.setattr(module, "MAX_BYTES", 10**6)
    with pytest.raises(InputError, match="larger than 1000000 bytes"):
        read_page(page(tmp_path, _bomb()))


def test_a_page_that_is_none_is_refused(tmp_path: Path) -> None:
    """Any HTML file, and a file that is not there."""
    path = tmp_path / "other.html"
    path.write_text("<p>hello</p>", encoding="utf-8")
    with pytest.raises(InputError, match="no results that could be read"):
        read_page(path)
    with pytest.raises(InputError, match="there is no file"):
        read_page(tmp_path / "none.html")
