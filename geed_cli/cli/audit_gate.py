"""``geed audit … --policy FILE``: the gate on the result just made, as ``geed check`` would judge the saved one."""

from collections.abc import Callable
from pathlib import Path

from geed_cli.cli.run_check import CheckRequest, prepare
from geed_cli.errors import InputError
from geed_cli.result.schema import Result


def prepare_gate(request: CheckRequest, json: Path | None) -> Callable[[Result], int]:
    """Read policy and baseline before the audit; afterwards judge its result.

    Args:
        request: policy, baseline and outputs; it names no saved results.
        json: where the audit's own result goes.

    Returns:
        A function that prints and writes the gate's report and gives the exit code.

    Raises:
        InputError: a policy, baseline or output that cannot be used, or JSON on the stdout that the report needs.
    """
    if json == Path("-"):
        raise InputError(
            "--json - together with --policy", expected="stdout for the report", remedy="--json result.json"
        )
    judge = prepare(request, [json] if json is not None else [])
    return lambda result: judge({result.model.id: result})
