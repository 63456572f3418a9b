"""What determines the rows of an audit beside each image, by name, so that shards of one audit are told from others.

The machine is not in it, which may change last digits alone; ``machine_of`` is recorded beside.
"""

import hashlib
from collections.abc import Mapping, Sequence

from geed_cli.engine.batches import Placement
from geed_cli.engine.row import Subject
from geed_cli.images.source import ImageRecord
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.prepare import Prepared
from geed_cli.pipeline.reuse.row_cache import fields_of, sites_of
from geed_cli.pipeline.reuse.schedule import Schedule, names_of


def recipe_of(
    networks: Sequence[Prepared], options: AuditOptions, placement: Placement, order: Sequence[str]
) -> dict[str, str]:
    """Everything but the image and the machine that determines a row.

    Args:
        networks: of the run.
        options: of the run.
        placement: of its devices, which are alike.
        order: the files in the order of the draw.
    """
    fields = [fields_of(each.network, options, placement) for each in networks]
    shared = {name: value for name, value in fields[0].items() if all(each[name] == value for each in fields)}
    own = {
        f"{name} {number}": value
        for number, each in enumerate(fields, start=1)
        for name, value in each.items()
        if name not in shared
    }
    data, plan = options.data, networks[0].planned.plan
    return {
        **shared,
        **own,
        "model": ", ".join(each.network.id for each in networks),
        "groups": ", ".join(group.name for group in plan.groups),
        "measures": ", ".join(measure.name for measure in plan.measures),
        "layers": ", ".join(plan.layers),
        "plan": hashlib.sha256(b"".join(map(_values, networks))).hexdigest(),
        "pictures": f"{len(order)} files {_sha256(chr(10).join(order))}",
        "samples": str(data.samples),
        "norm_samples": str(data.norm_samples),
        "draw_seed": str(data.seed),
        "on_bad_image": data.on_bad_image,
        "on_nonfinite": options.run.on_nonfinite,
        "floor": str(options.controls.probes),
    }


def _values(network: Prepared) -> bytes:
    """What tells every value apart that an image has at most."""
    schedule = Schedule(network.planned.plan, network.alike, sites_of(network.network, network.planned.plan))
    record = ImageRecord("", "")
    fullest = Subject(record, control=True, first=True, partner=record)
    vectors = names_of([vector.text for vector in schedule.vectors(fullest)])
    return vectors.tobytes() + schedule.numbers(fullest).names.tobytes()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def differences(theirs: Mapping[str, str], ours: Mapping[str, str]) -> str:
    """In what two recipes differ, in a line."""
    names = [name for name in (*ours, *theirs) if theirs.get(name) != ours.get(name)]
    return ", ".join(
        f"{name} {_short(theirs.get(name))} and not {_short(ours.get(name))}" for name in dict.fromkeys(names)
    )


def _short(value: str | None) -> str:
    return "none" if not value else value if len(value) <= 60 else f"{value[:57]}…"
