"""The report page: one HTML file with the answer, the numbers, the figures, the method and the results themselves."""

import functools
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from geed_cli.comparison.schema import Comparison
from geed_cli.documents.document import printable
from geed_cli.measures.label_metrics import LABEL_METRICS, sign_of
from geed_cli.measures.latent import L2
from geed_cli.measures.prediction import FLIP_RATE
from geed_cli.phrases import counted, shell_joined
from geed_cli.report.accuracy_rows import accuracy_lines
from geed_cli.report.figures.words import nearer
from geed_cli.report.header import how_acted, in_clusters
from geed_cli.report.html.answer_block import answers, headline, limits, next_steps, no_basis
from geed_cli.report.html.class_block import class_blocks
from geed_cli.report.html.colours import variables
from geed_cli.report.html.depth_figure import depth_figure, placed_layers
from geed_cli.report.html.difference_block import class_differences, difference_groups
from geed_cli.report.html.drawing import LONGEST_NAME, name
from geed_cli.report.html.element_figures import compares_elements, profile_figure
from geed_cli.report.html.gallery_block import gallery_section
from geed_cli.report.html.gate_block import gate_block
from geed_cli.report.html.heat_figure import heat_figure
from geed_cli.report.html.image_figure import MOST_DOTS, image_figure
from geed_cli.report.html.method_block import about_model, method_lines, software
from geed_cli.report.html.number_block import TWIN_MARK, cards, metrics_shown
from geed_cli.report.html.page_contents import PageContents
from geed_cli.report.html.scatter_figure import scatter_figure
from geed_cli.report.html.shown_model import ShownModel, Subject, shown_models, subjects_of
from geed_cli.report.html.sweep_block import of_sweep
from geed_cli.report.html.trajectory_figure import trajectory_figure
from geed_cli.result.embedded import ELEMENT, MOST_EMBEDDED, embedded
from geed_cli.result.gallery import Gallery
from geed_cli.result.part import Part
from geed_cli.result.samples import confidence_of
from geed_cli.tracking.columns import columns_of, groups_of, labels_of
from geed_cli.tracking.record import Track
from geed_cli.verdict.audit import unseen
from geed_cli.verdict.depth import on_layers
from geed_cli.verdict.digits import (
    limits_text,
    number_text,
    percent_text,
    shared_decimals,
    value_text,
    way_limits_text,
)
from geed_cli.verdict.names import PLAIN, listed, sentence
from geed_cli.verdict.on_tracks.warnings import track_warnings
from geed_cli.verdict.track import bands, say_track
from geed_cli.verdict.transformations import title_of
from geed_cli.verdict.way import Way

UNPACK = """python - report.html <<'END'
import base64, json, lzma, re, struct, sys
page = open(sys.argv[1], encoding="utf-8").read()
found = json.loads(re.search('id="geed-results">(.*?)</script>', page, re.S)[1])
text, planes = (lzma.decompress(base64.b85decode(found[part].replace("/", "<"))) for part in ("text", "numbers"))
count = len(planes) // 8
doubles = bytes(planes[place * count + number] for number in range(count) for place in range(8))
numbers = [*map(repr, struct.unpack(f"<{count}d", doubles)), ""]
text = "".join(map("".join, zip(text.decode().split("\\0"), numbers)))
for number, saved in enumerate(json.loads(text)):
    for result in [record["result"] for record in saved.get("records", ())] or [saved] * ("results" in saved):
        orders = {group["name"]: group["order"] for group in result["groups"]}
        for entry in result["results"]:
            way, n = entry["to_another"] or {}, orders[entry["group"]]
            if isinstance(way.get("per_image"), dict):
                values = [n * (v + 1) / (n - 1) for v in entry["per_image"]["value"]]
                bits = struct.unpack(f"{len(values)}q", struct.pack(f"{len(values)}d", *values))
                units = way["per_image"]["units_in_the_last_place"]
                moved = struct.pack(f"{len(values)}q", *map(sum, zip(bits, units)))
                way["per_image"] = struct.unpack(f"{len(values)}d", moved)
    with open(f"result_{number}.json", "x", encoding="utf-8") as file:
        file.write(json.dumps(saved, indent=1, ensure_ascii=False) + "\\n")
END"""
"""Gets the results, or a track, out of a page without geed."""


def report_page(contents: PageContents) -> str:
    """The page as HTML: it needs no network, no script and no style to be read.

    Raises:
        ValueError: there is nothing to show.
    """
    others = (contents.comparison, contents.gate, contents.track, contents.sweep)
    if not contents.results and all(each is None for each in others):
        raise ValueError("a page of nothing")
    models = shown_models(contents.results)
    context: dict[str, object] = dict.fromkeys(_EMPTY, ()) | {
        "css": Markup(variables() + _style(len(models))),
        "models": models,
        "gallery": None if contents.gallery is None else gallery_section(contents.gallery),
        "gallery_lead": _shading(contents.gallery),
        "element": ELEMENT,
        "gate": None,
        "titles": {},
        "keys": models,
        "twin": TWIN_MARK if models else "",
    }
    if models:
        context |= _of_models(models, contents)
    if contents.comparison is not None:
        context |= _of_comparison(contents.comparison, models)
    if contents.track is not None:
        context |= _of_track(contents.track)
    if contents.sweep is not None:
        context |= of_sweep(contents.sweep)
    if contents.gate is not None:
        context["gate"] = gate_block(contents.gate)
    context |= _heading(contents, models)
    context |= _method(models, contents)
    context["parts"] = list(_parts(context))
    page: str = _template().render(context)
    return page


_EMPTY = (
    "groups", "opened", "no_basis", "limits", "unseen", "next", "confidence", "others", "labelled", "classes", "depth",
    "depth_lead", "elements", "images", "image_lead", "differences", "subjects", "comparison_lead", "mismatches",
    "trajectories", "training_lead", "training_said", "scatters", "class_differences", "scatter_lead", "swept",
    "swept_lead", "swept_warnings",
)  # fmt: skip
"""Names in the template that a page may have no contents for."""


@functools.cache
def _template() -> Template:
    env = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_harmless
    )
    return env.from_string(files(__package__).joinpath("templates/page.html").read_text(encoding="utf-8"))


def _style(models: int) -> str:
    """The rules; answers of all groups stand in common rows, a heading's and one for each model."""
    css = files(__package__).joinpath("templates/page.css").read_text(encoding="utf-8")
    return css.replace("VAR_ROWS", str(models + 1))


def _harmless(value: object) -> object:
    """Texts without control characters; line ends of the program's own blocks excepted."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return "\n".join(printable(each, len(each)) for each in value.split("\n"))
    return value


def _of_models(models: Sequence[ShownModel], contents: PageContents) -> dict[str, object]:
    names = list(dict.fromkeys(group.name for model in models for group in model.result.groups))
    first = models[0].result
    level = f"{100 * confidence_of(first):.4g}%"
    groups = [_group(models, group, names, contents.comparison) for group in names]
    shown = metrics_shown(models)
    others = [
        {
            "group": entry.group,
            "model": model.label,
            "metric": entry.metric,
            "value": value_text(entry),
            "limits": limits_text(entry),
            "raw": "" if entry.raw is None else number_text(entry.raw),
        }
        for model in models
        for entry in model.result.results
        if entry.layer is None and entry.metric not in shown
    ]
    labelled = [
        {"group": entry.group, "model": model.label, "metric": metric, "value": value, "limits": limits}
        for model in models
        for entry in model.result.accuracy
        for metric, value, limits in accuracy_lines(entry, len(entry.per_element))
    ]
    classes = [block for model in models for block in class_blocks(model, several=len(models) > 1)]
    lead = "" if len(models) < 2 else " Layers of other models are placed by their order."
    dots = (
        "One dot for each image"
        if all(model.result.data.count <= MOST_DOTS for model in models)
        else f"One dot for each image, or, of more than {MOST_DOTS}, for each percent of them"
    )
    return {
        "groups": groups,
        "opened": max((each for each in groups if each["elements"]), key=_order, default=None),
        "titles": {str(group["name"]): group["title"] for group in groups},
        "no_basis": list(no_basis(models)),
        "limits": limits(models, contents.comparison),
        "unseen": unseen(first),
        "next": next_steps(models),
        "confidence": level,
        "others": others,
        "labelled": labelled,
        "classes": classes,
        "depth": any(group["depth"] for group in groups),
        "depth_lead": lead,
        "elements": any(group["elements"] for group in groups),
        "images": any(group["images"] for group in groups),
        "image_lead": f"{dots}: how far its features move on the way to another image. Line and band: the value and "
        f"its {level} interval. The least and the most moved image are named.",
    }


def _group(
    models: Sequence[ShownModel], group: str, every_group: Sequence[str], comparison: Comparison | None
) -> dict[str, object]:
    audited = next(model for model in models if group in model.groups)
    about = audited.groups[group]
    title = title_of(about)
    title = title[:1].upper() + title[1:]
    there = [model for model in models if group in model.groups]
    depth = depth_figure(there, group, title)
    return {
        "name": group,
        "order": about.order,
        "title": title,
        "tag": f"{group} · {how_acted(about) or 'a set, no group'}",
        "answers": answers(models, group, comparison),
        "cards": cards(models, group, every_group),
        "depth": depth,
        "depth_sentence": f"{audited.label}: {' '.join(on_layers(audited.result, about))}",
        "layers": _layer_tables(there, group),
        "layer_metric": next((e.metric for model in there for e in model.layers(group)), ""),
        "elements": _element_figures(there, group, title) if compares_elements(about) else [],
        "images": image_figure(there, group, title),
    }


def _shading(gallery: Gallery | None) -> str:
    """What the shades over pictures are."""
    if gallery is None or gallery.layer is None or gallery.another is None:
        return ""
    return (
        " Shaded, on the picture as it is: places where the layer's maps, moved back, differ from their mean, 1 − "
        "cosine over the channels; the number is its mean, 100% being the maps of two different pictures at one place."
    )


def _order(group: Mapping[str, object]) -> int:
    order = group["order"]
    assert isinstance(order, int)
    return order


def _layer_tables(models: Sequence[ShownModel], group: str) -> list[dict[str, object]]:
    tables: list[dict[str, object]] = []
    for model in models:
        entries = model.layers(group)
        decimals = shared_decimals(entries) if entries else None
        ways = {entry.layer: way for entry, way in placed_layers(model, group)}
        rows = [
            (
                name(entry.layer or "", 60),
                f"{value_text(entry, decimals)} ({limits_text(entry, decimals=decimals)})",
                _way_text(ways[entry.layer]) if entry.layer in ways else "–",
            )
            for entry in entries
        ]
        tables.append({"label": model.label, "rows": rows})
    return tables


def _way_text(way: Way) -> str:
    return f"{percent_text(way)} ({way_limits_text(way)})"


def _element_figures(models: Sequence[ShownModel], group: str, title: str) -> list[dict[str, object]]:
    """Profiles of the features and the top class, and the first model's layers."""
    figures: list[dict[str, object]] = []
    for metric, caption in (
        (L2.name, "distance from the mean over the group"),
        (FLIP_RATE.name, "how often it changes"),
    ):
        svg = profile_figure(models, group, metric, title)
        if svg is not None:
            said = PLAIN[metric]
            figures.append(
                {"title": said[:1].upper() + said[1:], "caption": f"{caption}, {metric}", "svg": svg}
            )
    heat = heat_figure(models[0], group, title)
    if heat is not None:
        caption = "percent of the way to another image's maps"
        figures.append({"title": f"Layers of {models[0].label}", "caption": caption, "svg": heat})
    return figures


def _of_comparison(comparison: Comparison, models: Sequence[ShownModel]) -> dict[str, object]:
    labels = [subject.label for subject in comparison.subjects]
    subjects: Sequence[Subject] = models if len(models) == len(labels) else subjects_of(labels)
    level = f"{100 * comparison.confidence:g}%"
    margin = f" Within the margin ({', '.join(comparison.margins)}): shown by two one-sided tests." * bool(
        comparison.margins
    )
    paints = [subject.paint for subject in subjects]
    titles = {group.name: title_of(group) for model in models for group in model.result.groups}
    scatters = [
        {"title": title[:1].upper() + title[1:], "tag": group, "figure": drawn}
        for group in dict.fromkeys(each.group for each in comparison.accuracy)
        for title in [titles.get(group, name(group))]
        if (drawn := scatter_figure(comparison, group, title, paints)) is not None
    ]
    pairs = "on the same images" if comparison.paired else "over different images, so that none is claimed"
    return {
        "differences": difference_groups(comparison, paints),
        "scatters": scatters,
        "class_differences": class_differences(comparison),
        "scatter_lead": f"Further right is more accurate, lower is nearer to invariance. Crosses: {level} intervals, "
        "each by itself. Claims of accuracy hold together, and those of measures.",
        "subjects": subjects,
        "keys": subjects,
        "mismatches": "; ".join(comparison.mismatches),
        "comparison_lead": f"Differences {pairs}, with {level} intervals about zero, on one scale for each measure; an "
        "arrow points beyond it. ▲ further from, ▼ nearer to invariance or equivariance: significant after Holm's "
        f"correction over the whole table. Undecided is not equal.{margin}"
        + " Of accuracy a mark to the right is right more often; its claims are corrected among themselves."
        * bool(comparison.accuracy),
    }


def _of_track(track: Track) -> dict[str, object]:
    paints = [subject.paint for subject in subjects_of(labels_of(track))]
    columns = columns_of(track)
    trajectories = []
    for group in groups_of(track):
        figures = [
            {"title": column.title, "svg": svg}
            for column in columns
            if (svg := trajectory_figure(track, group, column, paints)) is not None
        ]
        trajectories.append({"group": name(group), "figures": figures})
    said = [
        {"place": name(f"{label}, {group}"), "verdict": each.verdict, "reasons": " ".join(each.reasons)}
        for (label, group), each in say_track(track).items()
    ]
    labelled = any(column.metric in LABEL_METRICS for column in columns)
    but = ", of accuracy right more often" * labelled
    lead = f"Higher is further from invariance{but}."
    if any(sign_of(column.metric) < 0 for column in columns):
        said_of_columns = nearer(column.metric for column in columns)
        lead = sentence(said_of_columns) if said_of_columns else ""
    said_of_all = map(sentence, (bands(track), *track_warnings(track)))
    return {
        "trajectories": trajectories,
        "training_said": said,
        "training_lead": " ".join(filter(None, [lead, *said_of_all])),
    }


def _heading(contents: PageContents, models: Sequence[ShownModel]) -> dict[str, object]:
    if models:
        first = models[0].result
        images = f"{counted(first.data.count, 'image')}{in_clusters(first.data)}"
        groups = counted(len({g.name for model in models for g in model.result.groups}), "group")
        return {"title": headline(models), "facts": f"{images} · {groups} · {counted(len(models), 'model')}"}
    if contents.track is not None:
        return {
            "title": f"How {listed(labels_of(contents.track))} changed along training",
            "facts": counted(len(contents.track.records), "checkpoint"),
        }
    if contents.sweep is not None:
        swept = contents.sweep
        models_on = f"{counted(len(swept.models), 'model')} on {counted(len(swept.data), 'data set')}"
        done = sum(cell.status == "done" for cell in swept.cells)
        return {"title": models_on, "facts": f"{done} of {counted(len(swept.cells), 'cell')} audited"}
    if contents.comparison is not None:
        labels = [subject.label for subject in contents.comparison.subjects]
        return {
            "title": f"{listed(labels[1:])} against {labels[0]}",
            "facts": counted(contents.comparison.images, "image"),
        }
    return {"title": "Does the release pass?", "facts": "a gate"}


def _method(models: Sequence[ShownModel], contents: PageContents) -> dict[str, object]:
    inside = _inside(contents)
    packed = embedded(inside) if inside else None
    readers = "geed compare and geed report read" if models else "geed report reads"
    if contents.track is not None and not models:
        readers = "geed track and geed report read"
    lead = f"{listed([name(each, 60) for each in inside])}: digit for digit in this page, which {readers}"
    return {
        "method": list(method_lines(models, compared=contents.comparison is not None)),
        "about": [
            {
                "swatch": model.swatch,
                "label": model.label,
                "text": "; ".join(f"{key} {said}".strip() for key, said in about_model(model)),
            }
            for model in models
        ],
        "software": software(models),
        "signatures": _signatures(models),
        "rerun": list(_commands(models)),
        "embedded": None if packed is None else Markup(packed),
        "embedded_lead": f"{lead} in place of a file; without geed:",
        "unpack": UNPACK,
        "no_results": f"They are larger than {MOST_EMBEDDED >> 20} MB and not in this page; keep their files beside it."
        if inside
        else "They are not in this page; their own files have them.",
    }


def _inside(contents: PageContents) -> dict[str, Part]:
    """What a page holds: results, a track, a sweep, and a comparison that no results make, as one of populations."""
    inside: dict[str, Part] = dict(contents.results)
    more = {
        "track": contents.track,
        "sweep": contents.sweep,
        "comparison": None if inside else contents.comparison,
    }
    for called, part in more.items():
        free = called
        while free in inside:  # a result may be called so
            free = f"the {free}"
        if part is not None:
            inside[free] = part
    return inside


def _commands(models: Sequence[ShownModel]) -> Iterator[str]:
    """The command lines that made the results, as they are typed again."""
    for model in models:
        if model.result.command:
            yield shell_joined(model.result.command)


def _signatures(models: Sequence[ShownModel]) -> list[dict[str, str]]:
    by_text: dict[str, list[str]] = {}
    for model in models:
        by_text.setdefault(model.result.signature, []).append(model.label)
    return [
        {"text": name(text, 4 * LONGEST_NAME), "who": listed(who) if len(by_text) > 1 else ""}
        for text, who in by_text.items()
    ]


def _parts(context: Mapping[str, object]) -> Iterator[dict[str, str]]:
    """What the page has, for the links at its top."""
    every = (
        ("answer", "Answer", "groups"), ("numbers", "Numbers", "groups"), ("depth", "Depth", "depth"),
        ("elements", "Elements", "elements"), ("images", "Images", "images"), ("gallery", "Pictures", "gallery"),
        ("comparison", "Comparison", "differences"), ("training", "Training", "trajectories"),
        ("sweep", "Data sets", "swept"), ("gate", "Gate", "gate"),
        ("method", "Method and data", "method"),
    )  # fmt: skip
    yield from ({"id": ident, "name": title} for ident, title, needed in every if context[needed])
