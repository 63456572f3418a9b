"""Which reduced types a CPU has instructions for, by what torch says of it, and what an audit says beforehand."""

from pathlib import Path

import pytest
import torch
from support.networks import small_conv_net

from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import AuditOptions, DataOptions, Precision, RunOptions
from geed_cli.pipeline.placement import DTYPES, slow_type
from geed_cli.pipeline.progress import Silent
from geed_cli.runtime.cpu_types import lacks, lacks_of

PICTURES = (3, 16)
X86 = {"architecture": "x86_64", "avx512_bf16": False, "amx_bf16": False, "avx512_fp16": False}


class Noting(Silent):
    """Keeps the notes of a run."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.mark.parametrize(
    ("says", "dtype", "missing"),
    [
        (X86, torch.bfloat16, True),
        (X86 | {"avx512_bf16": True}, torch.bfloat16, False),
        (X86 | {"avx512_bf16": True}, torch.float16, True),
        (X86 | {"amx_fp16": True}, torch.float16, False),
        (X86, torch.float32, False),
        ({"architecture": "aarch64", "bf16": True, "fp16_arith": False}, torch.bfloat16, False),
        ({"architecture": "aarch64", "bf16": True, "fp16_arith": False}, torch.float16, True),
        ({"architecture": "ppc64le"}, torch.bfloat16, False),  # nothing is known of it
        ({}, torch.float16, False),
    ],
)
def test_a_type_without_instructions(says: dict[str, object], dtype: torch.dtype, missing: bool) -> None:
    """Only where torch knows the architecture is anything missing."""
    assert lacks_of(dtype, says) is missing


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_an_audit_says_so_beforehand(folder: Path, precision: Precision) -> None:
    """On this very CPU, where its type has none; on others nothing."""
    noting = Noting()
    audit(
        small_conv_net(),
        ["flip"],
        AuditOptions(DataOptions(folder), run=RunOptions("cpu", 4, precision)),
        noting,
    )
    said = [note for note in noting.notes if f"no instructions for {precision}" in note]
    assert len(said) == lacks(DTYPES[precision])


@pytest.mark.parametrize("precision", ["fp32", "fp64"])
def test_full_precision_has_nothing_to_say(precision: Precision) -> None:
    """Every CPU has these."""
    assert slow_type(RunOptions("cpu", 4, precision)) is None
