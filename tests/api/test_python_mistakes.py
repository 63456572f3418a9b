"""Mistakes of Python's own kind: another type, an empty name, an element that is not there. Each has its sentence."""

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
from support.networks import MEAN, STD, SmallConvNet
from support.results import small_result

import geed_cli as geed
from geed_cli import AuditOptions, DataOptions, InputError, IntervalOptions
from geed_cli.api.python_words import called_in_python


@pytest.mark.parametrize(
    ("mistake", "found", "remedy"),
    [
        (lambda r: r.save(""), "no kind of file has the name ''", 'save("result.json")'),
        (lambda r: r.save("folder/"), "has the name 'folder'", 'save("folder.json")'),
        (lambda r: r.table(width="a"), "a table of 'a' columns", "table(width=100)"),
        (lambda r: r.table(width=True), "a table of True columns", "table(width=100)"),
        (lambda r: r.table(width=3), "a table of 3 columns", "table(width=100)"),
        (lambda r: geed.plan(r, width="x"), "--width 'x', of type str", "--width 0.02"),
        (lambda r: geed.plan(r, width=0.1, power="half"), "--power 'half', of type str", "--power 0.8"),
        (
            lambda _: AuditOptions(data={"samples": 3}),  # type: ignore[arg-type]
            "an object of type dict as data of AuditOptions",
            "AuditOptions(data=DataOptions(samples=…))",
        ),
        (
            lambda _: AuditOptions(interval=0.9),  # type: ignore[arg-type]
            "an object of type float as interval",
            "AuditOptions(interval=IntervalOptions(…))",
        ),
        (lambda _: AuditOptions(until={"width": 1}), "of type dict as until", "UntilOptions(width=…)"),  # type: ignore[arg-type]
        (
            lambda _: geed.wrap(SmallConvNet(), size=16, mean=MEAN, std=STD, rounding="no"),  # type: ignore[arg-type]
            "rounding='no', of type str",
            "rounding=False",
        ),
        (lambda r: r["latent.l2", "c4"].per_element["r91"], "no element 'r91' here", "['r90']"),
        (lambda r: r["latent.l2", "c4"].per_element_ci["r91"], "no element 'r91' here", "['r90']"),
    ],
)
def test_it_says_what_was_found_and_what_to_write(
    mistake: Callable[[geed.Result], object], found: str, remedy: str
) -> None:
    """A refusal, and no error of Python's that names the inside of the program."""
    with pytest.raises(InputError) as refused:
        mistake(small_result())
    assert found in refused.value.found
    assert remedy in refused.value.remedy


def test_right_values_are_taken() -> None:
    """What the sentences recommend is."""
    result = small_result()
    assert len(result.table(width=100)) > 0
    assert geed.plan(result, width=1, power=0.5).lines
    assert AuditOptions(data=DataOptions(samples=3), interval=IntervalOptions(0.9)).data.samples == 3


def test_numbers_by_element_are_a_dict_in_every_other_way() -> None:
    """Asked, compared, saved and copied; and a KeyError is one still."""
    elements = small_result()["latent.l2", "c4"].per_element
    assert list(elements) == ["e", "r90", "r180", "r270"]
    assert elements == dict(elements)
    assert elements.get("r91") is None
    assert "r91" not in elements
    assert pickle.loads(pickle.dumps(elements)) == elements
    with pytest.raises(KeyError):
        elements["r91"]


def test_a_group_prints_as_a_line() -> None:
    """Of a thousand elements, too."""
    assert repr(geed.group_named("c4")) == "Group('c4', order 4)"
    assert repr(geed.group_named("d8*rgb")) == "Group('d8*rgb', order 96)"


def test_one_place_says_refusals_in_the_words_of_python(tmp_path: Path) -> None:
    """As a decorator and around code: other words first, then what the options left in them are called; once."""

    @called_in_python({"--out": "out=…"})
    def inner() -> None:
        with called_in_python({"--out": "out=…"}, words=lambda text: text.replace("spec", "call")):
            raise InputError("in the spec", expected="--out DIR", remedy=f"--out {tmp_path} --output x")

    with pytest.raises(InputError, match="in the call") as refused:
        inner()
    assert refused.value.args[0] == refused.value.found == "in the call"
    assert refused.value.__notes__ == ["  in Python: --out is out=…"]
