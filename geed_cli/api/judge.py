"""``check``: results judged by a policy. The commands ``geed check`` and ``geed audit --policy`` call it, too."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import get_args

from geed_cli.api.named_results import OneResult, result_from, results_from
from geed_cli.api.parameters import OF_RESULTS
from geed_cli.api.python_words import called_in_python
from geed_cli.choices import OnUndecided, check_choice
from geed_cli.documents.document import unicode_text
from geed_cli.errors import InputError
from geed_cli.gate.gate import gate
from geed_cli.gate.given import PolicyLike, policy_from
from geed_cli.gate.outcome import GateReport
from geed_cli.gate.policy import Policy
from geed_cli.result.clusters import read_clustering, with_clusters
from geed_cli.result.schema import Result

OPTIONS = {
    **OF_RESULTS,
    "--baseline": "baseline=…",
    "--cluster": "cluster=…",
    "--on-undecided": "on_undecided=…",
    "--policy": "policy",
}


@called_in_python(OPTIONS)
def check(
    results: OneResult | Sequence[OneResult] | Mapping[str, OneResult],
    policy: PolicyLike,
    *,
    baseline: OneResult | None = None,
    cluster: str | None = None,
    on_undecided: OnUndecided = "fail",
) -> GateReport:
    """Judge results by a policy: pass, fail, or undecided, with error rates that hold for all of it.

    Args:
        results: a result or the path of a saved one, a list of these, or a mapping by the labels of the report.
        policy: the path of its file, what such a file says as a mapping, or a ``Policy``.
        baseline: the result that changes are measured from.
        cluster: which images belong together; None is the clusters that the results have.
        on_undecided: whether the gate fails if the images cannot decide a rule.

    Returns:
        the report: ``verdict`` is ``pass``, ``undecided``, ``fail`` or ``error``, ``exit_code`` that of the command.

    Raises:
        InputError: what is no result or no policy, a result that contradicts itself, or a baseline that no rule is
            about.
    """
    check_choice("--on-undecided", on_undecided, get_args(OnUndecided))
    rules = policy_from(policy)
    before = None if baseline is None else result_from(baseline)
    if before is not None:
        name = before.model.id if isinstance(baseline, Result) else str(baseline)
        require_rules_about_changes(rules, name)
    labelled = labelled_results(results)
    if cluster is not None:
        clustering = read_clustering(cluster)
        before = before and with_clusters(before, clustering)
        labelled = {label: with_clusters(each, clustering) for label, each in labelled.items()}
    return gate(labelled, rules, before, on_undecided)


def require_rules_about_changes(policy: Policy, baseline: str) -> None:
    """Refuse a baseline that no rule looks at; a missing one is an error of each rule instead."""
    if not policy.needs_baseline:
        raise InputError(
            f"--baseline {baseline}, and {policy.name} has no rule about changes",
            expected="rules under baseline.rules",
            remedy="add one with max_increase or max_decrease, or leave out --baseline",
        )


def labelled_results(
    results: OneResult | Sequence[OneResult] | Mapping[str, OneResult],
) -> dict[str, Result]:
    """Each result by its model's id; by id and file where several are of one model. No file twice.

    Raises:
        InputError: no results, one of them twice, or several in memory that are of one model.
    """
    if isinstance(results, Mapping):
        made = {str(label): result_from(each) for label, each in results.items()}
    else:
        made = _by_model(results if isinstance(results, list | tuple) else [results])
    if not made:
        raise InputError(
            "no result to be judged", expected="at least one", remedy='geed.check(result, "geed-policy.yaml")'
        )
    return made


def _by_model(results: Sequence[object]) -> dict[str, Result]:
    paths = [Path(each) for each in results if isinstance(each, str | Path)]
    twice = [path for path, count in Counter(path.resolve() for path in paths).items() if count > 1]
    if twice:
        raise InputError(f"{twice[0]} is given twice", expected="every result once", remedy="leave one out")
    read = [
        (each if isinstance(each, Result) else name, result)
        for each in results
        for name, result in results_from(each).items()
    ]
    ids = Counter(result.model.id for _, result in read)
    made: dict[str, Result] = {}
    for given, result in read:
        alone = ids[result.model.id] == 1
        if not alone and isinstance(given, Result):
            raise InputError(
                f"two results of {result.model.id}",
                expected="a label of its own for each",
                remedy='labels of your own: geed.check({"before": result, "after": other}, policy)',
            )
        made[result.model.id if alone else unicode_text(f"{result.model.id} ({given})")] = result
    return made
