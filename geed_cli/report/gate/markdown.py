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
from geed_cli.verdict import policy_check

VERDICT_SIGNS = {"pass": "✅", "undecided": "❔", "fail": "❌", "error": "⛔"}
TABLE_HEADER = "| verdict | rule | entry | measured, interval | limit | |\n|---|---|---|---|---|---|\n"


def to_markdown(report: GateReport, most: int | None = None) -> str:
    """The report in at most so many bytes of UTF-8; rows that do not fit are counted in its last line."""
    text, left_out = "", 0
    step = escaped(plain(policy_check.next_step(report), say.LONGEST))
    end = f"\n{escaped(policy_check.legend(report))}\n\n**Next:** {step}\n"
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
    title = f"{VERDICT_SIGNS[report.verdict]} geed check: {report.verdict.upper()}"
    yield f"## {title}\n\n{_sentences(report)}\n"
    for number, (name, text) in enumerate(
        say.reasons(report, say.MOST_REASONS, "the tables have their reasons")
    ):
        yield f"{'' if number else chr(10)}- {code(name)}: {escaped(text)}\n"
    against = f", against {code(report.baseline)}" if report.baseline else ""
    images = ", ".join(say.images_of(report))
    yield f"\n{images}, {escaped(policy_check.tally(report))}. Policy {code(report.policy)}{against}.\n"
    yield from (f"\nNote: {escaped(note)}.\n" for note in report.notes)
    order = sorted(
        suites(report), key=lambda suite: -SEVERITY.index(worst(outcome.verdict for outcome in suite[2]))
    )
    for model, group, outcomes in order:
        yield f"\n### {code(model)} × {code(group)}\n\n{TABLE_HEADER}"
        for outcome in sorted(outcomes, key=lambda outcome: -SEVERITY.index(outcome.verdict)):
            yield from _rows(outcome, report.claims)


def _sentences(report: GateReport) -> str:
    """The sentences behind the verdict, the names in them in code spans."""
    spans: list[str] = []

    def place(name: str) -> str:
        spans.append(code(name))
        return "\0"

    first, *others = escaped(policy_check.reason(report, place)).split("\0")
    return first + "".join(span + text for span, text in zip(spans, others, strict=False))


def _rows(outcome: Outcome, claims: int) -> Iterator[str]:
    if not outcome.examined:
        yield _row(outcome, outcome.verdict, "", "", outcome.demand, say.why(outcome))
    for line in say.lines(outcome, claims):
        yield _row(outcome, line.verdict, code(line.entry), line.tested, line.limit, line.remark)


def _row(outcome: Outcome, verdict: Verdict, entry: str, number: str, limit: str, remark: str) -> str:
    shown = f"{VERDICT_SIGNS[verdict]} {policy_check.word(outcome, verdict)}"
    cells = (shown, code(outcome.rule), entry, number, code(limit), escaped(remark))
    return f"| {' | '.join(cells)} |\n"


def code(text: str) -> str:
    """The text in a code span, safe in a table."""
    inner = plain(text).replace("`", "'").replace("|", "\\|").strip()
    return f"`{inner or ' '}`"


def escaped(text: str) -> str:
    """The text with nothing that markdown, HTML or a forge would act on."""
    text = html.escape(text, quote=False).replace("@", "&#64;").replace("://", ":&#47;&#47;")
    return "".join(f"\\{sign}" if sign in "\\`*_[]|~!" else sign for sign in text)
