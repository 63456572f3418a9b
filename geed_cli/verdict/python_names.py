"""What the command line's options are called in Python, and printed sentences that name them there.

Sentences are written once, for the command line. Where Python shows them, what they recommend has to work in Python:
an option is a keyword, ``-v`` is ``table(verbose=True)``. ``geed explain NAME`` stays, a command that needs no network.
"""

import re
from collections.abc import Mapping


def fields_of(keyword: str, part: str, **names: str) -> dict[str, str]:
    """What options are called that are fields of a part of ``AuditOptions``."""
    return {
        f"--{option.replace('_', '-')}": f"options=AuditOptions({keyword}={part}({field}=…))"
        for option, field in names.items()
    }


INTERVAL: Mapping[str, str] = {
    "--ci": "interval=IntervalOptions(method=…)",
    "--confidence": "interval=IntervalOptions(confidence=…)",
    "--resamples": "interval=IntervalOptions(resamples=…)",
    "--simultaneous": "interval=IntervalOptions(simultaneous=True)",
    "--seed": "interval=IntervalOptions(seed=…)",
}
"""The options of intervals."""
FIELDS: Mapping[str, str] = {
    **fields_of(
        "data", "DataOptions", norm_samples="norm_samples", draw_seed="seed", on_bad_image="on_bad_image",
        follow_links="follow_links", decode="decode", image_weights="image_weights", cluster="cluster",
        labels="labels", by="by", split="split", image_key="image_key", label_key="label_key",
    ),
    **fields_of("action", "ActionOptions", boundary="boundary", interpolation="interpolation"),
    **fields_of(
        "interval", "IntervalOptions", confidence="confidence", resamples="resamples", ci="method",
        simultaneous="simultaneous",
    ),
    **fields_of(
        "run", "RunOptions", devices="devices", precision="precision", on_nonfinite="on_nonfinite",
        on_unsteady="on_unsteady", compile="compile",
    ),
    **fields_of("until", "UntilOptions", until_width="width", max_samples="max_samples", width_of="metric"),
    **fields_of("until", "UntilDecided", stop_early="policy"),
    **fields_of("controls", "ControlOptions", floor="probes", phase_correct="phase_correct", discover="discover"),
}  # fmt: skip
"""The options of audits that are fields of a part of ``AuditOptions``."""
OF_AUDIT: Mapping[str, str] = {
    **FIELDS,
    "--data": "images",
    "--group": "groups=…",
    "--set": "sets=…",
    "--metric": "metrics=…",
    "--layer": "layers=…",
    "--samples": "samples=…",
    "--device": "device=…",
    "--precision": "precision=…",
    "--batch-size": "batch_size=…",
    "--twin": "twin=True",
    "--cache-dir": "cache=FOLDER",
    "--no-cache": "cache=False",
    **{
        f"--{name.replace('_', '-')}": f"load_model(…, {name}=…)"
        for name in ("checkpoint", "arch", "weights", "spec_dir", "allow_code", "allow_pickle")
    },
    **{
        f"--{name.replace('_', '-')}": f"load_model(…, file=FileOptions({name}=…))"
        for name in ("num_classes", "classes", "key", "strip_prefix")
    },
    **{
        f"--{name}": f"geed audit … --{name} …, on the command line"
        for name in ("engine", "ray-address", "slurm", "workers", "gpus-per-worker")
    },
    "--img-size": "load_model(…, img_size=…) or wrap(…, size=…)",
    "--seed": "load_model(…, seed=…) or options=AuditOptions(interval=IntervalOptions(seed=…))",
}  # fmt: skip
"""The options of ``geed audit``."""

_ON_PAGES: Mapping[str, str] = {
    **OF_AUDIT,
    "--ci": "IntervalOptions(method=…)",
    "--baseline": "baseline=…",
    "--margin": "margins=…",
    "--on-undecided": "on_undecided=…",
    "--step-regex": "step_regex=…",
    "--pair-runs": "pair_runs=…",
}
_FLAGS = ("--phase-correct", "--follow-links")
"""Options that are ``…=True`` where they are named."""
_PHRASES: tuple[tuple[str, str], ...] = (
    (r"geed init --ci github writes a gate", "geed.check(LATER, POLICY) is a gate"),
    (r"geed compare FIRST LAST\b", 'geed.compare({"first": FIRST, "last": LAST})'),
    (r"geed inspect MODEL\b", "result.model"),
    (r"run the same command again; images", "audit the same pictures again; images"),
    (r"run the same command again; checkpoints", "track them into the same file again; checkpoints"),
    (r"(?<=what training brought: )--twin\b", "twin=True, or twin=geed.wrap(other) for a wrapped module"),
    (
        r"--checkpoint FILE, or weights: \{.*?\} in the spec",
        'load_model(…, checkpoint=Path("FILE")), or weights: {origin: file, path: FILE} in the spec',
    ),
    (r"--checkpoint FILE", 'load_model(…, checkpoint=Path("FILE"))'),
    (r"the same folder \(--data\) or pictures, --samples and --draw-seed", "pictures, samples and seed of the draw"),
    (r"-d DIR --samples (\d+)", r'geed.audit(net, "DIR", samples=\1)'),
    (r"--samples (\d+) -d DIR", r'geed.audit(net, "DIR", samples=\1)'),
    (r"(?<![\w-])(?:-d|--data) DIR\b", 'geed.audit(net, "DIR")'),
    (r"(?<![\w-])-g flip,c4\b", 'groups=["flip", "c4"]'),
    (r"(?<![\w-])-o (\S+\.(?:md|xml))", r'report.save("\1")'),
    (r"refused; --json lists them all", "refused; result.data.refused lists them all"),
    (r"hidden actions; --json has them all", "hidden actions; result.hidden_actions has them all"),
    (r"(?<![\w-])-v(?![\w-])", "table(verbose=True)"),
)  # fmt: skip
"""Ways out that are more than an option; what is printed in Python runs there."""
_OPTION = re.compile(
    rf"(?<![\w-])({'|'.join(sorted(_ON_PAGES, key=len, reverse=True))})(?![\w-])"
    r"(?: (\d[\d.]*%?|fp\d+|bounded|folder|pass|report|random|disc|bicubic)(?![\w-]))?"
)


def in_python(text: str) -> str:
    """A sentence of a page as Python shows it."""
    for said, python in _PHRASES:
        text = re.sub(said, python, text)
    return _OPTION.sub(lambda found: _called(found[1], found[2]), text)


def _called(option: str, value: str | None) -> str:
    """What an option is called, with its value in place of the dots."""
    called = _ON_PAGES[option]
    if value is None:
        return re.sub(r"(?<==)…", "True", called) if option in _FLAGS else called
    shown = value if re.fullmatch(r"[\d.]+", value) else f'"{value}"'
    return re.sub(r"(?<==)…", shown, called)
