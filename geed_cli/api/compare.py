"""``compare``: results side by side, differences with evidence. The command ``geed compare`` calls it, too."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import get_args

from geed_cli.api.named_results import Subjects, contenders_of
from geed_cli.api.parameters import OF_RESULTS, Names, several
from geed_cli.api.python_words import called_in_python
from geed_cli.choices import By, IntervalOptions, check_choice
from geed_cli.comparison import compare as comparing
from geed_cli.comparison.margins import margins_of
from geed_cli.comparison.mismatch import require_comparable, require_one_architecture
from geed_cli.comparison.pairing import pair_pattern
from geed_cli.comparison.schema import Comparison
from geed_cli.comparison.subjects import Contender, usual_metrics
from geed_cli.errors import InputError, meant
from geed_cli.globs import listed
from geed_cli.measures.catalogue import audited_for
from geed_cli.result.clusters import read_clustering, with_clusters, with_shared_clusters
from geed_cli.result.raw_and_m import with_parts
from geed_cli.result.schema import Result
from geed_cli.statistics.methods import check_options
from geed_cli.verdict.python_names import INTERVAL

OPTIONS = {
    **INTERVAL,
    **OF_RESULTS,
    "--metric": "metrics=…",
    "--layer": "layers=…",
    "--margin": "margins=…",
    "--pair-runs": "pair_runs=…",
    "--cluster": "cluster=…",
    "--allow-mismatch": "allow_mismatch=True",
    "--by": "by=…",
    "LABEL=GLOB": '{"label": [results]}',
}
DEFAULT = IntervalOptions()


@dataclass(frozen=True)
class SideBySide:
    """A comparison and its sides, with the entries that were compared."""

    contenders: tuple[Contender, ...]
    comparison: Comparison


@called_in_python(OPTIONS)
def compare(  # noqa: PLR0913 - by keyword
    subjects: Subjects,
    *,
    metrics: Names = (),
    layers: Names = (),
    interval: IntervalOptions = DEFAULT,
    margins: Names = (),
    pair_runs: str | None = None,
    cluster: str | None = None,
    allow_mismatch: bool = False,
    by: By | None = None,
) -> Comparison:
    """Compare results with the first of them, paired over the same images, by Holm's correction over the whole table.

    Args:
        subjects: by their labels, or a list whose labels are the names of files and networks. Each is a result, the
            path of a saved result or a report page, or a population: a list of results of one recipe, a mapping of
            them by name, or a glob of files.
        metrics: names or globs of the measures that are compared; empty is all but controls, and of
            those on request what all results have.
        layers: names or globs of the layers; empty is all.
        interval: how intervals are made.
        margins: within what the others are asked to be: ``"5%"`` of the first one's distance from perfect, or an amount
            of one measure, ``"softmax.kl=0.01"``.
        pair_runs: a regular expression whose one group finds the run in the names of two populations' files.
        cluster: which images belong together; None is the clusters that the results have.
        allow_mismatch: show results that are not comparable, without verdicts.
        by: ``"class"`` also compares each class of labelled images.

    Raises:
        InputError: what is no result, what cannot be compared, or an option that cannot act.
    """
    if by is not None:
        check_choice("--by", by, get_args(By))
    options = interval, several(margins), pair_runs
    check_asked(several(metrics), *options)
    return side_by_side(
        contenders_of(subjects),
        several(metrics),
        several(layers),
        *options,
        cluster=cluster,
        allow_mismatch=allow_mismatch,
        by=by,
    ).comparison


def check_asked(
    metrics: Sequence[str], interval: IntervalOptions, margins: Sequence[str], pair_runs: str | None
) -> None:
    """Refuse what no results could make right, before they are read or made.

    Raises:
        InputError: an unknown measure, options of no interval, or a margin or pattern that is none.
    """
    audited_for(metrics)
    margins_of(margins)
    pair_pattern(pair_runs)
    check_options(interval.method, interval.confidence, interval.resamples)


def side_by_side(  # noqa: PLR0913 - as compare
    contenders: Sequence[Contender],
    metrics: Sequence[str] = (),
    layers: Sequence[str] = (),
    interval: IntervalOptions = DEFAULT,
    margins: Sequence[str] = (),
    pair_runs: str | None = None,
    *,
    cluster: str | None = None,
    allow_mismatch: bool = False,
    by: By | None = None,
) -> SideBySide:
    """The comparison of sides that were read or audited already; see ``compare``."""
    clustered = _in_clusters(contenders, cluster)
    metrics = metrics or usual_metrics([result for each in clustered for result in each.results])
    sides = tuple(_selected(each, metrics, layers) for each in clustered)
    _require_populations(contenders, pair_runs)
    _require_layers(sides, layers, contenders)
    if not allow_mismatch:
        for each in sides:
            require_one_architecture(each.label, each.results)
        labelled = [(result, each.label) for each in sides for result in each.results]
        require_comparable([result for result, _ in labelled], [label for _, label in labelled])
    made = comparing.compare(sides, interval, margins_of(margins), pair_pattern(pair_runs), by)
    return SideBySide(sides, made)


def _in_clusters(contenders: Sequence[Contender], rule: str | None) -> list[Contender]:
    """The sides in the clusters of the rule; without one, in those that any of them over the same images has."""
    every = [(each.label, result) for each in contenders for result in each.results]
    labels, found = [label for label, _ in every], [result for _, result in every]
    if rule is not None:
        clustering = read_clustering(rule)
        made = iter([with_clusters(result, clustering) for result in found])
    else:
        made = iter(with_shared_clusters(found, labels))
    return [replace(each, results=tuple(next(made) for _ in each.results)) for each in contenders]


def _require_populations(contenders: Sequence[Contender], pair_runs: str | None) -> None:
    """Refuse to pair the runs of what are not all populations, or have no names to find them in."""
    if pair_runs is None:
        return
    alone = [each.label for each in contenders if not each.is_population]
    if alone:
        raise InputError(
            f"--pair-runs {pair_runs!r} with {alone[0]}, which is one model",
            expected="populations, LABEL=GLOB of saved results, on every side",
            remedy="leave out --pair-runs, or name several results under each label",
        )
    unnamed = [each.label for each in contenders if len(each.names) != len(each.results)]
    if unnamed:
        raise InputError(
            f"--pair-runs {pair_runs!r} with {unnamed[0]}, whose results have no names",
            expected="names that the runs can be found in, such as those of files",
            remedy='a mapping for each population: {"cnn": {"cnn_1": result, "cnn_2": other}, …}',
        )


def _require_layers(sides: Sequence[Contender], patterns: Sequence[str], whole: Iterable[Contender]) -> None:
    """Refuse --layer that is nowhere, which would leave all layers out without a word."""
    if patterns and set(_layers_of(sides)) <= {None}:
        audited = [layer for layer in _layers_of(whole) if layer is not None]
        raise InputError(
            f"no layer of these results matches {' or '.join(patterns)}",
            expected=f"{meant(patterns[0], audited)}names or globs of layers that were audited",
            remedy="leave out --layer to see them",
        )


def _layers_of(contenders: Iterable[Contender]) -> dict[str | None, None]:
    """In the order of the results."""
    return dict.fromkeys(
        entry.layer for each in contenders for result in each.results for entry in result.results
    )


def _selected(contender: Contender, metrics: Sequence[str], layers: Sequence[str]) -> Contender:
    """The side with only the entries that ``metrics`` and ``layers`` ask for, raw and M among them."""
    layers = layers or ("*",)

    def parts(result: Result) -> dict[str, object]:
        entries = [each for each in with_parts(result, metrics).results if listed(each.metric, metrics)]
        return {
            "results": tuple(each for each in entries if each.layer is None or listed(each.layer, layers)),
            "hidden_actions": tuple(each for each in result.hidden_actions if listed(each.layer, layers)),
        }

    chosen = tuple(result.model_copy(update=parts(result)) for result in contender.results)
    return replace(contender, results=chosen)
