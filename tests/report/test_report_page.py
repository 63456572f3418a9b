"""The report page: its parts, what it says, what it never does, and how large it is."""

import re
from html import unescape

import pytest
from support.pages import Page, page_of, real, small

from benchmarks.report_page import enlarged
from geed_cli.cli.run.pages import comparison_of
from geed_cli.gate.outcome import GateReport
from geed_cli.report.html.page_contents import PageContents
from geed_cli.report.html.report_page import report_page
from geed_cli.result.embedded import ELEMENT
from geed_cli.result.schema import Image, Result
from geed_cli.verdict.audit import say, warnings
from geed_cli.verdict.comparison import FURTHER, say_difference

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>&amp;\"'\x1b[31m\u202e\x00" + "x" * 1000
ORDER = ["answer", "numbers", "depth", "elements", "images", "comparison", "training", "gate", "method"]


def other(**more: object) -> Result:
    """The real result, as of another network."""
    moved = real(**more)
    entries = tuple(
        entry
        if entry.per_image is None
        else entry.model_copy(
            update={
                "per_image": entry.per_image.model_copy(
                    update={"value": tuple(None if v is None else 0.5 * v for v in entry.per_image.value)}
                )
            }
        )
        for entry in moved.results
    )
    return moved.model_copy(update={"results": entries})


@pytest.fixture(scope="module")
def alone() -> str:
    """The page of one result."""
    return page_of({"lite0": real()})


@pytest.fixture(scope="module")
def several() -> str:
    """The page of two."""
    return page_of({"lite0": real(), "half": other()})


def test_it_says_what_the_terminal_says(alone: str) -> None:
    """Verdict and reasons of every group, every warning, in the words of ``geed audit``."""
    text = Page(alone).texts["answer"]
    result = real()
    for group in result.groups:
        said = say(result, group.name)
        assert said.verdict in text
        assert " ".join(said.reasons) in text
    assert warnings(result)
    assert all(warning in text for warning in warnings(result))


def test_its_parts_stand_in_order_and_are_linked(several: str) -> None:
    """Every part has a heading that names it, and a link at the top."""
    page = Page(several)
    assert page.sections == [part for part in ORDER if part not in ("training", "gate")]
    assert [link["href"] for link in page.named("a")] == [f"#{part}" for part in page.sections]
    assert {found["aria-labelledby"] for found in page.named("section")} <= set(page.texts)


def test_a_difference_is_told_as_compare_tells_it(several: str) -> None:
    """By the comparison's own claim, which holds over the whole table."""
    comparison = comparison_of({"lite0": real(), "half": other()})
    assert comparison is not None
    text = Page(several).texts["answer"]
    for group in real().groups:
        assert say_difference(comparison, group.name, 0).verdict in text
    assert FURTHER in Page(page_of({"half": other(), "lite0": real()})).texts["comparison"]


def test_too_few_images_are_no_basis_for_a_release() -> None:
    """Nor the bundled sample, random weights, or a run that ended early; each is named, and nothing else is."""
    few = page_of({"net": small(count=30)})
    assert "not a basis for a release" in few
    assert "30 images are few" in few
    assert "not a basis for a release" not in page_of({"net": small(count=200)})
    assert "The images are the bundled sample" in page_of({"net": small(sample=True)})
    assert "ended early" in page_of({"net": small(status="partial")})


def test_every_figure_has_a_title_and_a_description(several: str) -> None:
    """Which its label refers to; marks whose numbers stand beside them are hidden instead."""
    page = Page(several)
    figures = [found for found in page.named("svg") if found.get("role") == "img"]
    assert len(figures) > 8
    for figure in figures:
        assert all(page.texts[ident] for ident in figure["aria-labelledby"].split())
    others = [found for found in page.named("svg") if found not in figures]
    assert all(found["aria-hidden"] == "true" for found in others)
    idents = [found["id"] for _, found in page.tags if "id" in found]
    assert len(idents) == len(set(idents))


def test_it_loads_nothing_and_runs_nothing(several: str) -> None:
    """No address but those of SVG's namespace, no script that a browser runs, no handler."""
    page = Page(several)
    assert set(re.findall(r"https?://[^\s\"'<]+", several)) == {"http://www.w3.org/2000/svg"}
    assert [found["type"] for found in page.named("script")] == ["application/json"]
    assert not {tag for tag, _ in page.tags} & {"link", "iframe", "object", "embed", "img", "form", "base"}
    assert not [name for _, found in page.tags for name in found if name.startswith("on")]
    assert not re.search(r"url\(|@import", several)


def test_hostile_names_stay_text() -> None:
    """Markup, control characters and a thousand characters in every name that a result has."""
    result = real()
    model = result.model.model_copy(
        update={
            "id": HOSTILE, "arch": HOSTILE, "source": HOSTILE, "features": HOSTILE,
            "weights": result.model.weights.model_copy(update={"detail": HOSTILE, "notes": (HOSTILE,)}),
        }
    )  # fmt: skip
    images = tuple(
        Image(path=HOSTILE + str(at), sha256=each.sha256) for at, each in enumerate(result.data.images)
    )
    data = result.data.model_copy(update={"root": HOSTILE, "images": images})
    entries = tuple(
        entry if entry.layer is None else entry.model_copy(update={"layer": HOSTILE + entry.layer})
        for entry in result.results
    )
    groups = tuple(group.model_copy(update={"name": group.name}) for group in result.groups)
    hostile = result.model_copy(
        update={
            "model": model, "data": data, "results": entries, "groups": groups, "signature": HOSTILE,
            "command": (HOSTILE,),
        }
    )  # fmt: skip
    text = page_of({HOSTILE: hostile, HOSTILE + "2": hostile})
    page = Page(text)
    assert len(page.named("script")) == 1
    assert page.named("img") == []
    visible = text.partition('<script type="application/json"')[0]
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", unescape(visible))
    assert "<script>alert" in unescape(visible)


@pytest.mark.heavy
@pytest.mark.parametrize(("models", "kilobytes"), [(1, 200), (4, 300)])
def test_the_size_of_a_page_has_a_budget(models: int, kilobytes: int) -> None:
    """Of 40 images, three groups and seven layers with all that an audit records, compared and with the results inside.

    The page of one takes what that of a real audit with a twin takes, but for 100 bytes in 110,000.
    """
    made = {f"model{seed}": enlarged(real(), 40, 7, 3, seed) for seed in range(models)}
    entry = made["model0"].results[0]
    assert entry.per_image is not None
    assert len(entry.per_image.value) == 40
    assert all(len(result.top_classes) == len(result.groups) == 3 for result in made.values())
    text = page_of(made)
    assert f'id="{ELEMENT}"' in text
    assert len(text.encode()) < kilobytes * 1024


def test_a_gate_stands_above_the_answer() -> None:
    """Its verdict first, its rules in a part of their own; a page of a gate alone is one, too."""
    report = GateReport.model_validate(
        {
            "schema": "geed.gate/1", "verdict": "fail", "exit_code": 1, "on_undecided": "fail", "policy": "p.yaml",
            "baseline": None, "confidence": 0.95, "claims": 1,
            "models": [
                {"label": "net", "id": "net", "images": 200, "data": "pictures", "signature": "s", "geed": "0"}
            ],
            "rules": [{"rule": "r", "level": "error", "verdict": "fail"}],
            "outcomes": [
                {
                    "rule": "r", "model": "net", "group": "flip", "level": "error", "demand": "≤ 0.1",
                    "verdict": "fail",
                    "examined": [
                        {
                            "metric": "latent.l2", "group": "flip", "layer": None, "verdict": "fail", "value": 0.2,
                            "tested": 0.2, "limit": 0.1, "ci": (0.18, 0.22), "joint_ci": (0.17, 0.23), "images": 200,
                        }
                    ],
                }
            ],
        }
    )  # fmt: skip
    both = page_of({"net": small()}, gate=report)
    assert both.index("FAIL.") < both.index('id="answer"')
    assert Page(both).sections == ["answer", "numbers", "depth", "gate", "method"]
    only = Page(report_page(PageContents(gate=report)))
    assert only.sections == ["gate", "method"]
    assert "latent.l2" in only.texts["gate"]
    assert "0.20, 0.17 to 0.23" in only.texts["gate"]


LACKING: dict[str, dict[str, object]] = {
    "a value": {"value": None, "ci": None, "status": "undefined"},
    "an interval": {"ci": None, "twin_ci": None, "per_element_ci": {}},
    "rows": {"per_image": None, "to_another": None},
    "elements": {"per_element": {}, "per_element_ci": {}},
    "any width": {"value": 0.0, "ci": (0.0, 0.0)},
    "controls": {"controls": {}},
}


@pytest.mark.parametrize(
    "kind",
    [
        "entries",
        "groups",
        *(pytest.param(each, marks=[pytest.mark.heavy] * (each != "controls")) for each in LACKING),
    ],
)
def test_whatever_a_result_lacks_its_page_is_whole(kind: str) -> None:
    """Alone, and beside a result that has it; what is lacking is left out, and the answer says why."""
    result = real()
    entries = (
        tuple(entry.model_copy(update=LACKING[kind]) for entry in result.results) if kind in LACKING else ()
    )
    lacking = result.model_copy(
        update={"results": entries, "groups": () if kind == "groups" else result.groups}
    )
    for results in ({"a": lacking}, {"a": lacking, "b": real()}, {"b": real(), "a": lacking}):
        assert Page(page_of(results)).sections[-1] == "method"


def test_a_page_of_nothing_is_refused() -> None:
    """It would be a page without an answer."""
    with pytest.raises(ValueError, match="nothing"):
        report_page(PageContents())
