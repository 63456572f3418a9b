"""``geed explain FILE``: every number of a saved file is in a sentence that says what it is."""

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from support.command import Geed
from support.results import entry_of, small_result

from geed_cli.measures.catalogue import measure_named
from geed_cli.measures.control import CONTROLS
from geed_cli.report.explain.class_sentences import top_classes_told
from geed_cli.report.explain.entry_sentences import told
from geed_cli.result.file import read_result, to_strict_json
from geed_cli.result.schema import Entry, Result

SAVED = Path(__file__).parents[1] / "saved"
NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?%?")


def numbers_in(text: str) -> list[float]:
    """Those of a text, percents as parts of 1."""
    found = NUMBER.findall(re.sub(r"(?<=\d),(?=\d{3})", "", text.replace("−", "-")))
    return [float(each.rstrip("%")) / (100 if each.endswith("%") else 1) for each in found]


def lacking(text: str, numbers: Iterable[float | None], rel: float = 0.06) -> list[float]:
    """The numbers that are not in the text, to two digits or half a percent: what a sentence may round to."""
    said = numbers_in(text)
    return [
        number
        for number in numbers
        if number is not None
        and not any(
            shown == pytest.approx(number, rel=rel, abs=0.0051 if abs(number) > 0.1 else 1e-5)
            or shown == pytest.approx(100 * number, abs=0.51)
            for shown in said
        )
    ]


def numbers_of(entry: Entry) -> list[float | None]:
    """Every number of an entry that an audit prints."""
    width = entry.ci is not None and entry.ci[0] != entry.ci[1]
    way = entry.to_another
    placed = [] if way is None or way.value is None else [way.value, *(way.ci or ())]
    measure = measure_named(entry.metric)
    controls = {name: value for name, value in entry.controls.items() if value or not CONTROLS[name].part}
    rounding = controls.pop("rounding", None)
    if rounding is not None and measure.perfect is not None and not measure.percent:
        controls["rounding"] = rounding - measure.perfect
    means = [mean for mean in entry.per_element.values() if mean is not None]
    # of equal means either element is told: of two, e is no further than the other
    furthest = [name for name, mean in entry.per_element.items() if means and mean == max(means)][-1:]
    alone = [limits for name in furthest if (limits := entry.per_element_ci.get(name)) is not None]
    raw = [entry.raw, entry.normaliser] if entry.normaliser is not None else []
    return [
        entry.value,
        *((entry.ci or ()) if width else ()),
        *raw,
        *placed,
        *controls.values(),
        *([max(means)] if means else []),
        *(end for limits in alone for end in limits),
    ]


def with_every_control(result: Result) -> Result:
    """Every control beside every entry, each with another number."""
    controls = {name: round(0.1 + 0.07 * place, 3) for place, name in enumerate(CONTROLS)}
    entries = tuple(
        entry.model_copy(update={"controls": {**controls, **entry.controls}}) for entry in result.results
    )
    return result.model_copy(update={"results": entries})


@pytest.mark.parametrize(
    "made", [lambda: read_result(SAVED / "result.json"), small_result], ids=["version 0.1.0", "now"]
)
def test_every_number_of_an_entry_is_told(made: Callable[[], Result]) -> None:
    """Value, limits, raw, M, place on the way to another image, every control, the furthest element's mean."""
    result = made()
    orders = {group.name: group.order for group in result.groups}
    for entry in with_every_control(result).results:
        if entry.value is not None:
            said = told(result, entry, orders[entry.group])
            assert lacking(said, numbers_of(entry)) == [], (entry.metric, entry.group, entry.layer, said)


def test_a_sentence_without_the_number_is_noticed() -> None:
    """The check itself: another value, or another control, is not found."""
    result = small_result()
    entry = entry_of(result, "latent.l2", "c4")
    said = told(result, entry, 4)
    assert lacking(said, [entry.value, 7.5]) == [7.5]


def test_a_result_is_walked_from_top_to_bottom(geed: Geed) -> None:
    """Warnings, what was audited, then verdict, measures and layers of each group in their order, then what to do."""
    done = geed("explain", SAVED / "result.json")
    assert done.exit_code == 0, done.stderr
    result = read_result(SAVED / "result.json")
    text = " ".join(done.stdout.split())
    order = [
        "result.json: a complete audit of",
        "warning:",
        "images 20 images",
        "model",
        "run",
        "intervals 95%",
    ]
    for group in result.groups:
        order += [f"{group.name}:", "latent.l2", "softmax.kl"]
    order += ["Here: measure=1", "next"]
    at = 0
    for part in order:
        at = text.index(part, at)
    for entry in result.results:
        assert entry.metric in text
        assert entry.layer is None or f"{entry.metric} at {entry.layer}" in text
        assert all(" ".join(note.split()) in text for note in entry.notes)


def test_the_command_and_the_top_classes_are_told(geed: Geed, tmp_path: Path) -> None:
    """The words as they are typed again; how many images change, counted here, as the flip rate has it."""
    result = small_result().model_copy(update={"command": ("geed", "audit", "net.yaml", "-d", "my photos")})
    (tmp_path / "r.json").write_text(to_strict_json(result))
    text = " ".join(geed("explain", tmp_path / "r.json").stdout.split())
    assert (
        "command geed audit net.yaml -d 'my photos', as typed, and as files and the environment say." in text
    )
    for tops in result.top_classes:
        own = tops.classes["e"]
        changed = {
            element: [place for place, (a, b) in enumerate(zip(own, column, strict=True)) if a != b]
            for element, column in tops.classes.items()
        }
        rates = entry_of(result, "prediction.flip_rate", tops.group).per_element
        for element, rate in rates.items():
            assert rate == pytest.approx(len(changed[element]) / result.data.count)
        told = top_classes_told(result, tops.group)
        assert told in text
        moved = {place for places in changed.values() for place in places}
        assert moved, "the network's classes change under both groups"
        assert told.startswith(f"Of {result.data.count} images {result.data.count - len(moved)} keep")
        element = told.rpartition("under ")[2].rstrip(".")
        most = len(changed[element])
        assert most == max(map(len, changed.values()))
        assert len(changed) == 2 or f"Under one of them at most {most} change it ({element})." in told
        assert any(
            f"{result.data.images[place].path}, for one, is class {own[place]} (" in told
            and f"and class {tops.classes[element][place]} (" in told
            for place in changed[element]
        )


def test_the_formula_is_worked_out_with_the_results_own_numbers(geed: Geed, tmp_path: Path) -> None:
    """Raw / M = value, to the digits that are shown."""
    (tmp_path / "r.json").write_text(to_strict_json(small_result()))
    text = " ".join(geed("explain", tmp_path / "r.json").stdout.split())
    found = re.findall(r"(-?[\d.]+) / ([\d.]+) = (-?\d+\.\d+)", text)
    assert len(found) == 4, "latent.l2 and latent.cosine of two groups"
    for raw, m, value in found:
        assert float(value) == pytest.approx(float(raw) / float(m), rel=0.06)


@pytest.mark.parametrize("name", ["comparison", "gate", "track"])
def test_every_number_of_another_file_is_told(geed: Geed, name: str) -> None:
    """Values, limits, differences, p-values, forecasts, of every line."""
    done = geed("explain", SAVED / f"{name}.json")
    assert done.exit_code == 0, done.stderr
    content = json.loads((SAVED / f"{name}.json").read_text())
    numbers: list[float] = []
    if name == "track":
        for row in content["rows"]:
            numbers += [row["value"], *(row["ci"] or ())]
    elif name == "comparison":
        for line in content["lines"]:
            for part in (*line["sides"], *line["deltas"]):
                numbers += [part["value"], *(part["ci"] or ()), part.get("p_value"), part.get("p_holm")]
    else:
        for outcome in content["outcomes"]:
            for entry in outcome["examined"]:
                span = entry["joint_ci"] if entry["verdict"] == "fail" else entry["ci"]
                numbers += [entry["tested"], *(span or ()), entry["images_to_decide"], entry["reference"]]
    assert len([number for number in numbers if number is not None]) > 20
    # a gate's limits have one digit of their interval's half-width
    assert lacking(done.stdout, numbers, rel=0.25 if name == "gate" else 0.06) == []


def test_a_selftest_is_walked(geed: Geed, tmp_path: Path) -> None:
    """Each check with what was expected, and why."""
    finding = {
        "quantity": "latent.l2", "relation": "near", "expected": 0.5, "found": 0.25, "tolerance": 1e-06, "ok": False,
        "reason": "two copies",
    }  # fmt: skip
    where = dict.fromkeys(("geed", "python", "torch", "timm", "torchvision", "platform", "device"), "x")
    report = {
        "schema": "geed.selftest/1", "ok": False, "device": "cpu", "precision": "fp32", "seconds": 1.0,
        "cases": [{"name": "noise", "findings": [finding], "error": "lost", "seconds": 1.0}], "environment": where,
    }  # fmt: skip
    (tmp_path / "s.json").write_text(json.dumps(report))
    done = geed("explain", tmp_path / "s.json")
    assert done.exit_code == 0, done.stderr
    assert "latent.l2 is 0.25, expected near 0.5 within 1e-06: FAILED. two copies" in " ".join(
        done.stdout.split()
    )
    assert "lost" in done.stdout


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "there is no file"),
        ("{}", "it has no schema"),
        ("nonsense", "it is not strict JSON"),
        ('{"schema": "geed.result/1"}', "is no valid result"),
        ('{"schema": "other/1"}', "its schema is other/1"),
    ],
)
def test_a_file_that_is_none_is_refused(geed: Geed, tmp_path: Path, content: str | None, said: str) -> None:
    """Exit 2, and nothing on stdout."""
    path = tmp_path / "x.json"
    if content is not None:
        path.write_text(content)
    done = geed("explain", path)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in " ".join(done.stderr.split())


def test_names_from_a_strangers_file_are_made_safe(geed: Geed, tmp_path: Path) -> None:
    """A build server's command marks are taken apart in names of layers, notes and models."""
    result = small_result()
    entries = tuple(entry.model_copy(update={"notes": ("::error::x",)}) for entry in result.results)
    evil = result.model_copy(
        update={
            "results": entries,
            "signature": "::set-output::",
            "model": result.model.model_copy(update={"id": "::a::"}),
        }
    )
    (tmp_path / "r.json").write_text(to_strict_json(evil))
    done = geed("explain", tmp_path / "r.json")
    assert done.exit_code == 0, done.stderr
    assert "::" not in done.stdout


def test_ascii_and_width_hold_for_files(geed: Geed, monkeypatch: pytest.MonkeyPatch) -> None:
    """At most 100 columns, and no other characters for a dumb terminal."""
    monkeypatch.setenv("TERM", "dumb")
    for width in (60, 200):
        monkeypatch.setenv("COLUMNS", str(width))
        shown = geed("explain", SAVED / "gate.json").stdout
        assert shown.isascii()
        assert max(map(len, shown.splitlines())) <= min(width, 100)


def test_a_name_comes_before_a_file_that_is_called_so(
    geed: Geed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``scale`` in the current folder hides no name; a saved file without a suffix is read."""
    monkeypatch.chdir(tmp_path)
    for name in ("scale", "saved"):
        (tmp_path / name).write_bytes((SAVED / "gate.json").read_bytes())
    assert geed("explain", "scale").stdout.startswith("scale:")
    assert geed("explain", "saved").stdout.startswith("saved: a gate's report")
