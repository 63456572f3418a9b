"""Outputs of notebooks in a browser, inside pages like those of Jupyter and VS Code, light and dark.

These tests are skipped unless they are asked for; asked for, they fail where there is no Chromium.
"""

from typing import TYPE_CHECKING

import pytest
from support.kinds import made, rows
from support.pages import real

from geed_cli.cli.run.pages import comparison_of
from geed_cli.result.presented import Presented
from geed_cli.result.schema import Result

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
LONG = "a_name_without_a_single_place_to_break_it_" * 4
JUPYTER = """.out{color:var(--jp-content-font-color1);font:14px/1.5 system-ui,sans-serif}
.out table{border-collapse:collapse;border:none;font-size:12px;table-layout:fixed;margin:0 auto 1em}
.out thead{border-bottom:1px solid var(--jp-border-color1);vertical-align:bottom}
.out td,.out th,.out tr{vertical-align:middle;padding:.5em;line-height:normal;white-space:normal;max-width:none}
.out td,.out th,.out tr{text-align:right;border:none}.out th{font-weight:bold}
.out tbody tr:nth-child(odd){background:var(--jp-odd)}.out tbody tr:hover{background:#7ab8f5}
.out p{margin:0 0 1em}.out svg{max-width:100%;height:auto}"""
"""As the rules of JupyterLab for what is rendered in it."""
HOSTS = {
    "jupyter light": ":root{--jp-content-font-color1:rgba(0,0,0,.87);--jp-content-font-color2:rgba(0,0,0,.54);"
    f"--jp-layout-color0:#fff;--jp-border-color1:#bdbdbd;--jp-odd:#f5f5f5}}body{{background:#fff}}{JUPYTER}",
    "jupyter dark": ":root{--jp-content-font-color1:#fff;--jp-content-font-color2:rgba(255,255,255,.7);"
    f"--jp-layout-color0:#111;--jp-border-color1:#616161;--jp-odd:#212121}}body{{background:#111}}{JUPYTER}",
    "code light": ":root{--vscode-descriptionForeground:#717171}body{background:#fff;color:#616161}",
    "code dark": ":root{--vscode-descriptionForeground:#9d9d9d}body{background:#1e1e1e;color:#ccc}",
    "plain": ":root{color-scheme:light}",
    "dark by itself": ":root{color-scheme:dark}",
}
"""Styles of pages that outputs stand in; the last two have nothing but the browser's own colours."""


def outputs() -> dict[str, Presented]:
    """One of each kind, one with real numbers, one with long names, and comparisons of subjects with long labels."""
    entries = tuple(
        entry if entry.layer is None else entry.model_copy(update={"layer": LONG + entry.layer})
        for entry in real().results
    )
    long: Result = real(results=entries)
    few, many = (
        comparison_of({f"a_rather_long_label_{number}": rows(0.02 * number) for number in range(count)})
        for count in (2, 7)
    )
    assert few is not None
    assert many is not None
    return made() | {"real": real(), "long": long, "few": few, "many": many}


def shown(browser: "Browser", host: str, output: str, width: int = 1000) -> "tuple[Page, list[str]]":
    """The output in a page of that style, and what the browser said or asked for."""
    page = browser.new_page(viewport={"width": width, "height": 800})
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("request", lambda request: heard.append(request.url))
    around = '<table id="own"><tbody><tr><td>their <b>own</b></td></tr></tbody></table><p id="text">text</p>'
    page.set_content(
        '<!doctype html><html lang="en"><head><title>notebook</title>'
        f"<style>body{{margin:0}}h1{{color:#767676}}{HOSTS[host]}</style>"
        f'</head><body><main><h1>notebook</h1><div class="out">{output}</div><div class="out">{around}</div></main>'
        "</body></html>"
    )
    return page, heard


@pytest.mark.parametrize("host", HOSTS)
def test_axe_finds_nothing_in_any_notebook(browser: "Browser", host: str) -> None:
    """All of axe-core's rules, contrast included; and the browser has nothing to say or to load."""
    from axe_playwright_python.sync_playwright import Axe

    every = "".join(output._repr_html_() for output in outputs().values())
    page, heard = shown(browser, host, every)
    assert heard == []
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.close()


MARKS = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const parse = text => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = text; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const light = ([r, g, b]) => [r, g, b].map(c => (c /= 255) <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
  let ground = parse(getComputedStyle(document.body).backgroundColor);
  if (ground[3] === 0) ground = parse(matchMedia('(color-scheme: dark)').matches ||
    getComputedStyle(document.documentElement).colorScheme === 'dark' ? '#121212' : '#ffffff');
  const low = [];
  const look = (what, colour) => {
    const [a, b] = [light(parse(colour)), light(ground)].sort((x, y) => y - x);
    if ((a + .05) / (b + .05) < 3) low.push(`${what} ${colour}`);
  };
  for (const each of document.querySelectorAll('.geed-view .fv')) look('value', getComputedStyle(each).fill);
  for (const each of document.querySelectorAll('.geed-view .sv')) look('interval', getComputedStyle(each).stroke);
  for (const each of document.querySelectorAll('.geed-view i, .geed-view .said.open'))
    look('sign', getComputedStyle(each).borderLeftColor);
  return [document.querySelectorAll('.geed-view .fv').length, low];
}"""


@pytest.mark.parametrize("host", HOSTS)
def test_marks_and_signs_are_seen(browser: "Browser", host: str) -> None:
    """Values, intervals and signs have a contrast of 3 and more with what lies behind them."""
    every = "".join(output._repr_html_() for output in outputs().values())
    page, _ = shown(browser, host, every)
    count, low = page.evaluate(MARKS)
    assert count > 30
    assert low == []
    page.close()


@pytest.mark.parametrize("width", [480, 600, 1000])
def test_it_fits_the_width_that_it_is_given(browser: "Browser", width: int) -> None:
    """Nothing is wider than the output, long names included, and no row takes more than two lines."""
    for name, output in outputs().items():
        page, _ = shown(browser, "jupyter light", output._repr_html_(), width)
        wide = page.evaluate(
            "(each => each.scrollWidth - each.clientWidth)(document.querySelector('.geed-view'))"
        )
        assert wide <= 0, (name, width)
        tallest = "Math.max(...[...document.querySelectorAll('.geed-view tbody WHAT')].map(each => each.clientHeight))"
        numbers, names = (page.evaluate(tallest.replace("WHAT", what)) for what in ("svg", "tr"))
        assert numbers <= 18
        assert name == "long" or names < 50, (name, width)
        page.close()


def test_nothing_around_it_is_changed(browser: "Browser") -> None:
    """Tables and texts of the notebook look as they do without it."""
    looks = """['own', 'text'].flatMap(id => [document.getElementById(id),
      ...document.getElementById(id).querySelectorAll('*')]).map(each => {
        const style = getComputedStyle(each);
        return [...style].map(name => name + style.getPropertyValue(name)).join();
      })"""
    for host in HOSTS:
        with_it, _ = shown(browser, host, made()["result"]._repr_html_())
        without, _ = shown(browser, host, "")
        assert with_it.evaluate(looks) == without.evaluate(looks)
        with_it.close()
        without.close()
