"""The printed page as a notebook shows it: its words and numbers, no script, styles of its own class, safe names."""

import html
import re

import pytest
from support.constructed import features, layers, result
from support.kinds import KINDS, made
from support.pages import Page, real, small

from geed_cli.choices import View
from geed_cli.report.audit_page import audit_page
from geed_cli.report.html.notebook_view import EDGE, ROOT, WIDTH, notebook_view
from geed_cli.report.marks import Mark
from geed_cli.report.page import BLANK, Column, Line, Paragraph, Rows, Section

EVIL = '<script>alert("x")</script>&\x1b[31m'


def said(shown: str) -> str:
    """What is read of it, without any blanks: of text where elements part it, and of numbers that blanks align."""
    return re.sub(r"\s", "", html.unescape(Page(shown).words))


def marks(shown: str) -> list[str]:
    """The marks, in order."""
    return re.findall(r"<svg.*?</svg>", shown)


@pytest.mark.parametrize("kind", KINDS)
def test_it_says_what_the_table_says(kind: str) -> None:
    """Every word and number of the text is in the HTML; only what the text draws with is not."""
    shown, text = said(made()[kind]._repr_html_()), str(made()[kind])
    for word in text.split():
        assert word in shown or set(word) & set("╌━●│╎▶"), word
    for stanza in text.split("\n\n"):
        if not set(stanza) & set("╌━●│╎▶"):
            assert re.sub(r"\s", "", stanza) in shown


@pytest.mark.parametrize("kind", KINDS)
def test_it_acts_on_nothing_else(kind: str) -> None:
    """No script, no link, no id, nothing that is loaded, and every rule begins at its own class."""
    shown = made()[kind]._repr_html_()
    page = Page(shown)
    names = {name for name, _ in page.tags}
    assert names <= {
        "div", "style", "b", "p", "span", "br", "table", "thead", "tbody", "tr", "th", "td", "svg", "path", "i",
    }  # fmt: skip
    for _, attributes in page.tags:
        assert not set(attributes) - {
            "class", "style", "scope", "colspan", "width", "height", "viewbox", "aria-hidden", "d", "stroke",
            "stroke-width", "fill", "fill-rule",
        }  # fmt: skip
    assert page.tags[0] == ("div", {"class": ROOT})
    (css,) = re.findall(r"<style>(.*?)</style>", shown)
    assert "url(" not in css
    assert "@import" not in css
    rules = re.sub(r"@container[^{]*\{((?:[^{}]*\{[^{}]*\})*)\}", r"\1", css)
    for selectors in re.findall(r"([^{}]+)\{[^{}]*\}", rules):
        assert all(each.startswith(f".{ROOT}") for each in selectors.split(",")), selectors


def test_the_bundle_has_the_text_beside_it() -> None:
    """For frontends that show no HTML."""
    bundle = small()._repr_mimebundle_(include={"text/plain"}, exclude=None)
    assert bundle == {"text/plain": str(small()), "text/html": small()._repr_html_()}


def test_names_stay_text() -> None:
    """Of networks, layers, files, groups and subjects; control characters are shown as such."""
    (layer,) = layers([0.5])
    (evil,) = [layer.model_copy(update={"layer": EVIL})]
    made_of = result(features(0.2, 0.18, 0.22), evil)
    made_of = made_of.model_copy(update={"model": made_of.model.model_copy(update={"arch": EVIL})})
    shown = made_of._repr_html_()
    assert "<script" not in shown
    assert "\x1b" not in shown
    assert "&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;&amp;\\x1b[31m" in shown
    blocks = [
        Paragraph(EVIL, EVIL, EVIL),
        Line(EVIL, strong=EVIL),
        Rows(
            [Column(EVIL), Column((EVIL, EVIL))],
            [Section([[EVIL, Mark(0.5, behind=EVIL)]], EVIL), Section([[EVIL, EVIL]])],
        ),
    ]
    shown = notebook_view(blocks)
    assert "<script" not in shown
    assert "\x1b" not in shown
    assert shown.count("&lt;script") == 13


def test_marks_lie_where_their_numbers_are() -> None:
    """Ends of the interval, the value and the floor on the line between the two ends; an arrow beyond."""

    def drawn(mark: Mark) -> str:
        return marks(notebook_view([Rows([Column(""), Column(("a", "b"))], [Section([["x", mark]])])]))[0]

    def x(part: float) -> str:
        return f"{EDGE + (WIDTH - 2 * EDGE) * part:g}"

    found = drawn(Mark(0.25, 0.125, 0.5, tick=0.05))
    assert f'd="M{x(0)} 9H{x(1)}' in found
    assert f"M{x(0.125)} 5v8m0-4H{x(0.5)}m0-4v8" in found
    assert f"M{float(x(0.25)) - 3.5:g} 9a3.5" in found
    assert f'class="zl" d="M{x(0.05)} 2V16"' in found
    beyond = drawn(Mark(1.4, 1.2, 1.6))
    assert f'd="M{WIDTH - 1} 9l-9-5v10z"' in beyond
    assert f"M{x(1)} 5v8m0-4H{x(1)}" in beyond
    alone = drawn(Mark(0.5))
    assert 'class="sv"' not in alone
    assert 'class="zl"' not in alone


def test_each_mark_has_its_number_beside_it() -> None:
    """As many marks as rows that have one, and the values of the page."""
    shown = real()._repr_html_()
    blocks = list(audit_page(real(), View()))
    of_page = [
        cell
        for block in blocks
        if isinstance(block, Rows)
        for section in block.sections
        for row in section.rows
        for cell in row
        if isinstance(cell, Mark)
    ]
    assert len(marks(shown)) == len(of_page) == 15
    for mark in of_page:
        assert re.sub(r"\s", "", mark.behind) in said(shown)


def test_what_belongs_together_stands_together() -> None:
    """Lines before a table head it; a column that may be left out and is empty is; verdicts have signs."""
    columns = [Column("verdict"), Column("n"), Column("gone", keep=1), Column("kept", keep=2)]
    table = Rows(columns, [Section([["pass", "1", "", "x"]], styles=["bold green"])])
    shown = notebook_view([Line("fact"), BLANK, Line("title"), table, Line("after"), BLANK, Line("end")])
    body = shown[shown.index("</style>") :]
    assert '<p class="heads"><span>title</span></p><table>' in body
    assert "</style><p><span>fact</span></p>" in body
    assert "</table><p><span>after</span></p><p><span>end</span></p>" in body
    assert "gone" not in body
    assert (
        '<th scope="row" class="name"><i class="good"></i>pass</th><td>1</td><td class="more">x</td>' in body
    )
    warned = notebook_view(
        [Paragraph("warning:", "a", style="magenta"), Paragraph("warning:", "b", style="magenta")]
    )
    assert warned.count('class="said open"') == 1


def test_a_figure_stands_on_a_ground_of_its_own() -> None:
    """Its colours are those of a light page, whatever page it is shown on."""
    figure = real().plot("depth")
    assert figure._repr_html_() == (
        '<div style="display:inline-block;background:#ffffff;padding:8px 12px;border-radius:4px;max-width:100%">'
        f"{figure.svg}</div>"
    )
