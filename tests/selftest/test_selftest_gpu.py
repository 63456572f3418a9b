"""On a CUDA device: the self-test passes there as well."""

import pytest

from geed_cli.pipeline.options import Precision, RunOptions
from geed_cli.selftest.run import run_selftest

pytestmark = pytest.mark.gpu


@pytest.mark.parametrize("precision", ["fp32", "fp64"])
def test_cuda_is_as_expected(precision: Precision) -> None:
    """Every value, in both precisions."""
    report = run_selftest(RunOptions("cuda", precision=precision), lambda *_: None)
    assert report.ok, [(case.name, case.error, case.findings) for case in report.cases]
