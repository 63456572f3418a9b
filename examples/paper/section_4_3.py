"""Section 4.3: how do pretrained weights affect invariance?

Copies of four networks from random and from pretrained weights, trained on nine classes without an upright, are audited
along training under C8 and D8, in the latent space and at the softmax. The paper's boundary is ``zero``; ``disc`` is
measured at the first and the last step. What changes along training is read from step 0, the paper's own first record
being unknown, and once more from the first checkpoint after it. Accuracy is that of all held-out pictures at the last
step.
"""

from pathlib import Path

from examples.paper.finetune import STARTS
from examples.paper.finetune_nets import ARCHITECTURES
from examples.paper.settings import BOUNDARIES
from examples.paper.step import SPECS, Place, Step, geed, metrics

GROUPS = ("c8", "d8")
PAIRED = ("--pair-runs", r"seed_(\d+)")  # a copy at two steps
SECTION = "4.3"


def steps(place: Place) -> list[Step]:
    """Every command of the section."""
    made = [pictures(place)]
    for name in place.settings.overhead.architectures:
        made += [*trainings(place, name), *measured(place, name), *accuracy(place, name)]
    return made + figures(place)


def pictures(place: Place) -> Step:
    """The nine classes: scikit-image's photographs, or at paper scale xView where it is there, else EuroSAT."""
    out = place.out / "data" / "overhead"
    makes = out / "labels.csv"
    if place.scale != "paper":
        return Step(("examples.paper.overhead", "--scale", place.scale, "--out", str(out)), makes)
    module = "xview" if (place.data / "xView_train.geojson").exists() else "eurosat"
    words = ("--data", str(place.data), "--scale", place.scale, "--out", str(out))
    return Step((f"examples.paper.{module}", *words), makes)


def trainings(place: Place, name: str) -> list[Step]:
    """All copies of a network, and before them the upright training of one that has no weights of ImageNet."""
    runs = place.out / "runs" / SECTION / name
    upright, made = runs / "upright.pt", []
    words = ["--scale", place.scale, "--data", str(place.out / "data" / "overhead")]
    if ARCHITECTURES[name].weights is None:
        from_data = ("--scale", place.scale, "--data", str(place.data), "--out", str(upright))
        made.append(Step(("examples.paper.pretrain", name, *from_data), upright))
        words += ["--upright", str(upright)]
    seeds = [str(seed) for seed in range(place.settings.overhead.seeds)]
    for start in STARTS:
        command = ("examples.paper.finetune", name, start, *seeds, *words, "--out", str(runs / start))
        made.append(Step(command, runs / start / f"seed_{seeds[-1]}" / "accuracy.json"))
    return made


def measured(place: Place, name: str) -> list[Step]:
    """Tracks of one network with both boundaries, and their comparisons."""
    settings = place.settings
    made = []
    for boundary in BOUNDARIES:
        chosen = ["*"] if boundary == BOUNDARIES[0] else [0, settings.overhead.steps]
        families = [copies(place, name, start, step) for start in STARTS for step in chosen]
        groups = [word for group in GROUPS for word in ("-g", group)]
        words = [*families, *groups, "--boundary", boundary, *metrics("latent.l2", "softmax.kl")]
        numbers = ["--samples", settings.samples, "--norm-samples", settings.norm_samples]
        file = track(place, name, boundary)
        made.append(geed("track", *words, *test(place), *numbers, "--json", file, makes=file))
        made += compared(file, name)
        if boundary == BOUNDARIES[0]:  # the step after the first jump, too
            made += along(file, name, str(settings.overhead.checkpoints[1]))
    return made


def compared(file: Path, name: str) -> list[Step]:
    """Pretrained against scratch at the last step, and the last step of each against its first."""
    sides = [f"{start}={file}:{name} {start}@last" for start in STARTS]
    ends = comparison(file, "starts")
    return [geed("compare", *sides, "--json", ends, makes=ends), *along(file, name, "first")]


def along(file: Path, name: str, step: str) -> list[Step]:
    """The last step of each start against another one, copy by copy."""
    made = []
    for start in STARTS:
        to = comparison(file, f"{start}_{step}")
        sides = [f"{each}={file}:{name} {start}@{each}" for each in (step, "last")]
        made.append(geed("compare", *sides, *PAIRED, "--json", to, makes=to))
    return made


def accuracy(place: Place, name: str) -> list[Step]:
    """Both families at the last step on every test picture, compared, for their accuracy."""
    settings = place.settings.overhead
    families = [copies(place, name, start, settings.steps) for start in STARTS]
    labels = ("--labels", place.out / "data" / "overhead" / "labels.csv", "--samples", settings.held_out)
    words = (*test(place), *labels, "-g", "flip", *metrics("prediction.flip_rate"))
    out = place.out / SECTION / f"accuracy_{name}"
    swept = geed("sweep", *families, *words, "--out", out, makes=out / "sweep.json")
    file = Path(f"{out}.json")
    return [swept, geed("compare", out, "--json", file, makes=file)]


def figures(place: Place) -> list[Step]:
    """Figures 4 and 10 (latent.l2 under C8 and D8) and 16 (softmax.kl), of all networks together."""
    tracks = [track(place, name, BOUNDARIES[0]) for name in place.settings.overhead.architectures]
    made = []
    for name, metric in (("figure_4_10", "latent.l2"), ("figure_16", "softmax.kl")):
        for option, suffix in (("--figure", ".svg"), ("--csv", ".csv")):
            file = place.out / SECTION / f"{name}{suffix}"
            share = ("--share-y",) if option == "--figure" else ()
            made.append(geed("track", *tracks, *metrics(metric), *share, option, file, makes=file))
    return made


def copies(place: Place, name: str, start: str, step: int | str) -> str:
    """``resnet50 scratch=CHECKPOINTS:SPEC``: the copies of one network from one start, at a step or at all (``*``)."""
    runs = place.out / "runs" / SECTION / name / start
    return f"{name} {start}={runs}/seed_*/step_{step}.safetensors:{SPECS}/overhead/{name}.yaml"


def test(place: Place) -> tuple[object, ...]:
    """The test pictures, and that code of this package may run."""
    return ("-d", place.out / "data" / "overhead" / "test", "--allow-code")


def track(place: Place, name: str, boundary: str) -> Path:
    """The file of a network's track."""
    return place.out / SECTION / f"{name}_{boundary}.json"


def comparison(file: Path, what: str) -> Path:
    """A comparison of a track: ``starts``, or a start and the step that its last one is set against."""
    return file.with_name(f"{file.stem}_{what}.json")
