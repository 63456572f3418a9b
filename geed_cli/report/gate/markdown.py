"""The gate's report as markdown, for pull requests and job summaries: verdict first, worst suites first.

Names from results stand in code spans, where markdown, HTML and mentions have no meaning; sentences have their
markup escaped. A size can be given that the text must not pass.
"""

import html
from collections.abc import Iterator

from geed_cli.gate.outcome import SEVERITY, GateReport, Outcome, Verdict, worst
from geed_cli.report.console import plain
from geed_cli.report.gate import wording as say
from geed_cli.report.gate.gate_table import suites

VERDICT_SIGNS = {"pass": "✅", "undecided": "❔", "fail": "❌", "error": "⛔"}
TABLE_HEADER = "| verdict | rule | entry | measured, interval | limit | |\n|---|---|---|---|---|---|\n"


def to_markdown(report: GateReport, most: int | None = None) -> str:
    """The report in at most so many bytes of UTF-8; rows that do not fit are counted in its last line."""
    text, left_out = "", 0
    end = f"\n{escaped(say.legend(report))}\n"
    reserve = len(end.encode()) + 200  # room for the line that counts what is left out
    for part in _parts(report):
        # from the first on that does not fit: later ones would stand under another model's heading
        if left_out or (most is not None and len(text.encode()) + len(part.encode()) + reserve > most):
            left_out += 1
        else:
            text += part
    omitted = f"\n… {left_out} lines left out for size; the JSON report has them all.\n" if left_out else ""
    return text + omitted + end


def _parts(report: GateReport) -> Iterator[str]:
    yield f"## {VERDICT_SIGNS[report.verdict]} geed check: {escaped(say.headline(report))}\n\n"
    against = f", against {code(report.baseline)}" if report.baseline else ""
    yield f"Policy {code(report.policy)}{against}.\n"
    order = sorted(
        suites(report), key=lambda suite: -SEVERITY.index(worst(outcome.verdict for outcome in suite[2]))
    )
    for model, group, outcomes in order:
        yield f"\n### {code(model)} × {code(group)}\n\n{TABLE_HEADER}"
        for outcome in sorted(outcomes, key=lambda outcome: -SEVERITY.index(outcome.verdict)):
            yield from _rows(outcome)


def _rows(outcome: Outcome) -> Iterator[str]:
    if not outcome.examined:
        yield _row(outcome, outcome.verdict, "", "", say.reason(outcome))
    for line in say.lines(outcome):
        yield _row(outcome, line.verdict, code(line.entry), line.tested, line.remark)


def _row(outcome: Outcome, verdict: Verdict, entry: str, number: str, remark: str) -> str:
    shown = f"{VERDICT_SIGNS[verdict]} {say.word(outcome, verdict)}"
    cells = (shown, code(outcome.rule), entry, number, code(outcome.demand), escaped(remark))
    return f"| {' | '.join(cells)} |\n"


def code(text: str) -> str:
    """The text in a code span, safe in a table."""
    inner = plain(text).replace("`", "'").replace("|", "\\|").strip()
    return f"`{inner or ' '}`"


def escaped(text: str) -> str:
    """The text with nothing that markdown, HTML or a forge would act on."""
    text = html.escape(text, quote=False).replace("@", "&#64;").replace("://", ":&#47;&#47;")
    return "".join(f"\\{sign}" if sign in "\\`*_[]|~!" else sign for sign in text)
