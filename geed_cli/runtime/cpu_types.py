"""Which reduced floating types this CPU has instructions for; without them torch and oneDNN compute by other means."""

from collections.abc import Mapping

import torch

NATIVE: Mapping[torch.dtype, tuple[str, ...]] = {
    torch.bfloat16: ("avx512_bf16", "amx_bf16", "avx_ne_convert", "avx10_2", "bf16", "sve_bf16"),
    torch.float16: ("avx512_fp16", "amx_fp16", "avx_ne_convert", "avx10_1", "avx10_2", "fp16_arith"),
}
"""What torch calls the instructions that multiply in a type, or load it as float32 on the way, on x86-64 and on Arm."""
CAN_TELL = ("x86_64", "arm64", "aarch64")
"""Architectures whose instructions torch looks up."""


def lacks(dtype: torch.dtype) -> bool:
    """Whether this CPU has no instructions for a type; False where there is no telling."""
    return lacks_of(dtype, _capabilities())


def lacks_of(dtype: torch.dtype, capabilities: Mapping[str, object]) -> bool:
    """The same of what torch says of a CPU; nothing is said of types that are not reduced."""
    if str(capabilities.get("architecture", "")).lower() not in CAN_TELL:
        return False
    return dtype in NATIVE and not any(capabilities.get(name) for name in NATIVE[dtype])


def _capabilities() -> Mapping[str, object]:
    """What torch says of this CPU; nothing where this torch says nothing."""
    ask = getattr(torch.cpu, "get_capabilities", None)
    return {} if ask is None else ask()
