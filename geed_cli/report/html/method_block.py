"""How it was measured: definitions, data, weights, software, signature, and the command that measures it again."""

from collections.abc import Iterator, Sequence

from geed_cli.phrases import counted
from geed_cli.report.header import data_line, model_lines
from geed_cli.report.html.shown_model import ShownModel
from geed_cli.result.samples import confidence_of
from geed_cli.result.schema import Result

CITATION = (
    "Kvinge, Emerson, Jorgenson, Vasquez, Doster and Lew, In What Ways Are Deep Neural Networks Invariant and How "
    "Should We Measure This?, NeurIPS 2022"
)


def method_lines(models: Sequence[ShownModel], *, compared: bool) -> Iterator[tuple[str, str]]:
    """Terms and what is said of each, of all models together; the first speaks for what they share."""
    yield (
        "Measure",
        "The G-empirical equivariance deviation (G-EED): for each image and each element of the group, how far the "
        "output is from the mean over the group (features, softmax), or from what it would be if the layer's maps "
        f"moved along with the image (layers). {CITATION}. geed explain NAME defines every name on this page.",
    )
    yield (
        "Scale",
        "0% is unchanged; 100% is as far as another image is away, on average over pairs of images: for features by "
        "the distance M between different images, for layers by the deviation against another image's maps.",
    )
    if models:
        yield from _of_run(models, compared=compared)


def _of_run(models: Sequence[ShownModel], *, compared: bool) -> Iterator[tuple[str, str]]:
    first = models[0].result
    level = f"{100 * confidence_of(first):.4g}%"
    joint = "all hold together" if first.settings.simultaneous else "each holds by itself"
    claims = (
        " Claims between models hold together over the whole table, by Holm's method." if compared else ""
    )
    drawn = "images" if first.data.clusters is None else f"clusters of images ({first.data.clusters.how})"
    yield "Intervals", f"{level}, method {first.settings.ci}, over {drawn}; {joint}.{claims}"
    every = (model.result.data for model in models)
    lines = (f"{data_line(data)}, sha256 {data.sha256[:12]}…" for data in every)
    yield "Images", "; ".join(dict.fromkeys(lines)) + "."
    yield "Controls", _controls(first)


def _controls(result: Result) -> str:
    settings = result.settings
    parts = [f"null and floor on {counted(min(settings.probes, result.data.count), 'image')}"]
    parts.append(
        f"twin: the same network with random weights, {settings.twin}" if settings.twin else "no twin"
    )
    return "; ".join(parts) + "."


def about_model(model: ShownModel) -> list[tuple[str, str]]:
    """What the model was resolved to, as the terminal says it."""
    return list(model_lines(model.result.model))


def software(models: Sequence[ShownModel]) -> list[str]:
    """The versions and machines, each once."""
    lines = []
    for model in models:
        env, settings = model.result.environment, model.result.settings
        lines.append(
            f"geed {env.geed}, torch {env.torch}, timm {env.timm}, torchvision {env.torchvision}, Python {env.python}; "
            f"{env.device}, {settings.precision}"
        )
    return list(dict.fromkeys(lines))
