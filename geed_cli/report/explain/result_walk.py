"""A saved result from top to bottom: what each number is that ``geed audit`` printed of it."""

from collections.abc import Iterator, Sequence

from geed_cli.choices import OUTPUT_KINDS
from geed_cli.measures.catalogue import measure_named
from geed_cli.measures.measure import VectorMeasure
from geed_cli.phrases import counted, shell_joined
from geed_cli.report.console import plain
from geed_cli.report.explain.class_sentences import top_classes_told
from geed_cli.report.explain.entry_sentences import told
from geed_cli.report.explain.topics import meaning_of
from geed_cli.report.measure_table import remarks
from geed_cli.report.numbers import number
from geed_cli.report.page import BLANK, Block, Line, Paragraph
from geed_cli.result.samples import entry_noun
from geed_cli.result.schema import Data, Entry, Group, HiddenAction, Model, Result
from geed_cli.verdict.audit import next_step, say, warnings
from geed_cli.verdict.transformations import title_of

HANG = len("signature") + 2


def result_walk(result: Result, name: str) -> Iterator[Block]:
    """The blocks of the walk.

    Args:
        result: as it was read.
        name: of its file.
    """
    yield Line(
        f"a {result.status} audit of {plain(result.model.id)}, from top to bottom.", strong=f"{plain(name)}:"
    )
    for warning in warnings(result):
        yield BLANK
        yield Paragraph("warning:", f"{plain(warning)}. That is: {meaning_of(warning)}", style="magenta")
    yield BLANK
    yield from _facts(result)
    for group in result.groups:
        yield BLANK
        yield from _group(result, group)
    yield BLANK
    signature = f"{meaning_of('signature')} Here: {plain(result.signature)}"
    yield Paragraph("signature", signature, style="dim", hang=HANG)
    yield Paragraph("next", next_step(result), style="dim", hang=HANG)


def _facts(result: Result) -> Iterator[Block]:
    for label, text in (
        ("images", _images(result.data)),
        ("model", _model(result.model)),
        ("output", _output(result.model)),
        ("run", _run(result)),
        ("intervals", _intervals(result)),
        ("command", _command(result)),
    ):
        if text:
            yield Paragraph(label, text, style="dim", hang=HANG)


def _images(data: Data) -> str:
    where = "the bundled sample" if data.bundled_sample else plain(data.root)
    found = counted(data.found, entry_noun(data))
    parts = [f"{counted(data.count, 'image')} of {where} were audited, of {found} found there"]
    more = [
        (len(data.normaliser_images), "more serve M alone"),
        (data.not_drawn, f"were not drawn (seed {data.seed})"),
        (len(data.duplicates), "are copies of others and count once"),
        (len(data.refused), "could not be read"),
    ]
    parts += [f"{count} {what}" for count, what in more if count]
    made_up = (
        "" if data.made_up is None else f" {100 * data.made_up:.1f}% of their surroundings were mirrored."
    )
    clusters = (
        ""
        if data.clusters is None
        else f" They are in {counted(len(data.clusters.names), 'cluster')} ({plain(data.clusters.how)}): intervals are "
        "over these."
    )
    return "; ".join(parts) + f".{clusters}{made_up}"


def _model(model: Model) -> str:
    used, weights = model.input, model.weights
    return (
        f"{plain(model.arch)} has {model.parameters:,} parameters, with weights from {plain(weights.origin)}: "
        f"{plain(weights.detail)}. It is shown {used.size}×{used.size} pixels, cut from {used.resize}. Features are "
        f"read at {plain(model.features)}; the classifier is {plain(model.classifier or 'none')}."
    )


def _output(model: Model) -> str:
    if model.output is None:
        return ""
    said = f"{model.output.kind}: {OUTPUT_KINDS[model.output.kind].what}"
    return said if model.output.reason is None else f"{said} Here: {plain(model.output.reason)}."


def _run(result: Result) -> str:
    settings, timing = result.settings, result.timing
    cached = f", {timing.cached} images from the cache" if timing.cached else ""
    return f"on {plain(settings.device)} in {settings.precision}, {timing.total_s:.1f} s{cached}."


def _intervals(result: Result) -> str:
    settings, looks = result.settings, result.settings.looks
    how = "all hold together" if settings.simultaneous else "each holds by itself"
    said = f"{100 * settings.confidence:g}% by {plain(settings.ci)}; {how}."
    if looks is None:
        return said
    until = (
        "the policy was decided"
        if looks.width is None
        else f"the intervals of {plain(looks.metric or '')} were {looks.width:g} wide"
    )
    return (
        f"{said} Images were added until {until}, to at most {looks.sizes[-1]}: look {looks.used} of "
        f"{len(looks.sizes)}, at {100 * looks.confidence:.2f}%."
    )


def _command(result: Result) -> str:
    """What made the result; nothing of one that was made from Python, or before commands were kept."""
    if not result.command:
        return ""
    return f"{plain(shell_joined(result.command))}, as typed, and as files and the environment say."


def _group(result: Result, group: Group) -> Iterator[Block]:
    name = plain(group.name)
    yield Line(f"{title_of(group)}, {_elements(group)}", strong=f"{name}:")
    said = say(result, group.name)
    yield Line(" ".join(map(plain, said.reasons)), strong=said.verdict, indent=2)
    entries = [entry for entry in result.results if entry.group == group.name]
    for entry in entries:
        if isinstance(measure_named(entry.metric), VectorMeasure):
            yield from _titled(entry.metric, told(result, entry, group.order))
    whole = [entry for entry in entries if entry.layer is None and entry.value is not None]
    profiles = [line for line in remarks(whole, group, result) if line.startswith("profile")]
    yield from (Line(plain(line), indent=2) for line in profiles)
    if classes := top_classes_told(result, group.name):
        yield from _titled("top classes", classes)
    yield from _layers(result, group, [entry for entry in entries if entry.layer is not None])
    yield from _hidden([action for action in result.hidden_actions if action.group == group.name])
    for phase in result.grid_phase:
        if phase.group == group.name:
            cure = "" if phase.clean_size is None else f"; --img-size {phase.clean_size} avoids it"
            yield from _titled(f"grid of {plain(phase.layer)}", f"{phase.kind}: {plain(phase.reason)}{cure}.")


def _elements(group: Group) -> str:
    shown = ", ".join(map(plain, group.elements[:8])) + ", …" * (group.order > 8)
    kind = "member" if group.kind == "set" else "element"
    how = "exact" if group.exact else f"resampled ({group.interpolation}, {group.boundary or 'cyclic'})"
    return (
        f"{counted(group.order, kind)} ({shown}), {how if group.kind == 'group' else 'a set and no group'}."
    )


def _layers(result: Result, group: Group, entries: Sequence[Entry]) -> Iterator[Block]:
    """Each layer once, with all that was measured of it."""
    for layer in dict.fromkeys(entry.layer for entry in entries):
        for entry in entries:
            if entry.layer == layer:
                yield from _titled(
                    f"{entry.metric} at {plain(layer or '')}", told(result, entry, group.order)
                )


def _titled(title: str, text: str) -> Iterator[Block]:
    yield Line(strong=title, indent=2)
    yield Line(text, indent=4)


def _hidden(actions: Sequence[HiddenAction]) -> Iterator[Block]:
    for action in actions:
        means = {name: _mean(getattr(action, name)) for name in ("before", "after", "unmoved", "null")}
        parts = [
            f"{'without' if key == 'before' else key} {part:.0%}" for key, part in action.explained.items()
        ]
        defect = (
            "" if action.defect is None else f" Defect {number(action.defect)}: 0 where the maps compose."
        )
        yield from _titled(
            f"hidden {action.method} at {plain(action.layer)}",
            f"{plain(action.verdict)}: {plain(action.reason)}. Deviations are {means['before']} before, "
            f"{means['after']} after the map that was found, {means['unmoved']} with nothing moved, and "
            f"{means['null']} against another image (null), on {counted(action.scored, 'image')} after fitting on "
            f"{action.fitted}. Explained: {', '.join(parts)}.{defect}",
        )


def _mean(deviations: dict[str, float | None]) -> str:
    defined = [value for value in deviations.values() if value is not None]
    return number(sum(defined) / len(defined)) if defined else "none"
