"""The work of ``geed check``, and how any command hands over a gate's report: table, files, GitHub."""

import os
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import typer

from geed_cli.api.judge import check, labelled_results, require_rules_about_changes
from geed_cli.api.named_results import result_from
from geed_cli.choices import GateFormat, OnUndecided, View
from geed_cli.cli.run.outputs import hand_over
from geed_cli.cli.run.pages import check_pages, comparison_of, pages_to_write
from geed_cli.errors import InputError
from geed_cli.gate.outcome import GateReport
from geed_cli.gate.policy import Policy, read_policy
from geed_cli.phrases import shell_joined
from geed_cli.report.console import message_console, result_console
from geed_cli.report.gate.gate_table import print_gate
from geed_cli.report.gate.github import SUMMARY_VARIABLE, annotations, append_summary
from geed_cli.report.gate.kinds import write_gate, writer_for
from geed_cli.report.html.page_contents import PageContents
from geed_cli.result.clusters import Clustering, read_clustering, with_clusters
from geed_cli.result.file import check_writable, require_distinct
from geed_cli.result.gallery import Gallery
from geed_cli.result.schema import Result
from geed_cli.tracking.named_steps import tracks_named


@dataclass(frozen=True)
class CheckRequest:
    """What the user asked for; see ``geed_cli.cli.check``."""

    results: tuple[Path, ...]
    policy: Path
    baseline: Path | None = None
    on_undecided: OnUndecided = "fail"
    outputs: tuple[Path, ...] = ()
    output_format: GateFormat = "text"
    view: View = field(default_factory=View)
    cluster: str | None = None
    pages: tuple[Path, ...] = ()


BASELINE = "baseline"
"""What the result that changes are measured from is called on a page."""
Pictures = Callable[[], Gallery | None]
"""Makes those that a page of the first result shows, once everything else is written."""


@dataclass(frozen=True)
class Judge:
    """What was read before there was a result: judges results by label, prints and writes the report.

    Attributes:
        request: what the user asked for.
        results: the files that hold the results.
        policy: read.
        baseline: read, in the clusters that were asked for.
        clustering: which images belong together; None is as the results have it.
    """

    request: CheckRequest
    results: Sequence[Path]
    policy: Policy
    baseline: Result | None
    clustering: Clustering | None

    def __call__(self, labelled: Mapping[str, Result], gallery: Pictures) -> int:
        """The exit code."""
        request, baseline = self.request, self.baseline
        if self.clustering is not None:
            labelled = {label: with_clusters(each, self.clustering) for label, each in labelled.items()}
        before = {} if baseline is None else {_free(BASELINE, labelled): baseline}
        report = check(labelled, self.policy, baseline=baseline, on_undecided=request.on_undecided)
        _write(report, request)
        hand_over(
            pages_to_write(request.pages, lambda: _contents(report, labelled, before, gallery())),
            lambda: _show(report, request, moved=_moved(report, request.baseline, self.results)),
        )
        return report.exit_code


def run_check(request: CheckRequest) -> int:
    """Read, judge, print and write; the exit code."""
    judge = prepare(request, request.results)
    return judge(labelled_results(request.results), lambda: None)


def prepare(request: CheckRequest, results: Sequence[Path]) -> Judge:
    """Refuse what can be refused before there is a result, and read policy and baseline.

    ``results`` are the files that hold the results to be judged, or will; no output may replace them.

    Raises:
        InputError: a policy, baseline or output that cannot be used.
    """
    named = [*results, *filter(None, [request.baseline])]
    inputs = [request.policy, *(file for each in named for file in tracks_named(str(each)))]
    _check_outputs(request.outputs, inputs)
    check_pages(request.pages)
    require_distinct(request.pages, inputs)
    policy = read_policy(request.policy)
    if request.baseline is not None:
        require_rules_about_changes(policy, str(request.baseline))
    clustering = None if request.cluster is None else read_clustering(request.cluster)
    baseline = None if request.baseline is None else result_from(request.baseline)
    if baseline is not None and clustering is not None:
        baseline = with_clusters(baseline, clustering)

    return Judge(request, results, policy, baseline, clustering)


def _check_outputs(outputs: Sequence[Path], inputs: Sequence[Path]) -> None:
    """Refuse outputs that have no kind, cannot be written, or would replace an input."""
    taken = {path.resolve() for path in inputs}
    for path in outputs:
        writer_for(path)
        check_writable(path)
        if path.resolve() in taken:
            raise InputError(
                f"-o {path} is an input of this check", expected="another file", remedy="-o report.json"
            )


def _moved(report: GateReport, baseline: Path | None, results: Sequence[Path]) -> str:
    """The command that shows where the one result moved from its baseline; empty where there is none.

    A result that stopped early is over fewer images than its baseline, with which no command compares it.
    """
    stopped = any(model.planned is not None and model.images < model.planned for model in report.models)
    if baseline is None or len(results) != 1 or stopped:
        return ""
    pair = [str(baseline), str(results[0])]
    if baseline.stem == results[0].stem or any(Path(path).suffix != ".json" for path in pair):
        pair = [f"before={pair[0]}", f"after={pair[1]}"]
    return f"geed compare {shell_joined(pair)}"


def _write(report: GateReport, request: CheckRequest) -> None:
    """Write the report to the outputs, before it is printed, since the reader of that may have gone."""
    for path in request.outputs:
        write_gate(report, path)
        message_console().print(f"wrote {path}")


def _free(label: str, taken: Container[str]) -> str:
    """The label, or where a model is called so another that says the same."""
    while label in taken:
        label = f"the {label}"
    return label


def _contents(
    report: GateReport, labelled: Mapping[str, Result], before: Mapping[str, Result], gallery: Gallery | None
) -> PageContents:
    """Of a page: the baseline is the reference, but where there are pictures, which are of the first result."""
    results = {**before, **labelled} if gallery is None else {**labelled, **before}
    return PageContents(results, comparison_of(results), gate=report, gallery=gallery)


def _show(report: GateReport, request: CheckRequest, moved: str) -> None:
    """Print the report, and tell GitHub where it listens."""
    print_gate(report, result_console(), request.view, moved=moved)
    if request.output_format == "github":
        for line in annotations(report):
            typer.echo(line)
    summary = os.environ.get(SUMMARY_VARIABLE)
    if summary:
        try:
            append_summary(report, Path(summary))
        except OSError as error:  # the verdict is worth more than its summary
            message_console().print(f"warning: no job summary, {summary}: {error.strerror}")
