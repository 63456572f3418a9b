"""Fingerprints: equal for equal weights, different for one changed number."""

import hashlib
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from geed_cli.checkpoints.file_hash import file_sha256
from geed_cli.checkpoints.fingerprint import state_sha256
from geed_cli.checkpoints.loading import KeyRules, load_checkpoint

pytestmark = pytest.mark.usefixtures("read_in_this_process")


def network(seed: int) -> nn.Sequential:
    """Convolution and batch norm, differently initialised for each seed."""
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))


def test_the_container_does_not_matter(tmp_path: Path) -> None:
    """The same weights through .pt, the old stream and .safetensors have one fingerprint."""
    source = network(0)
    torch.save(source.state_dict(), tmp_path / "net.pt")
    torch.save(source.state_dict(), tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    save_file(source.state_dict(), tmp_path / "net.safetensors")
    for name in ("net.pt", "old.pt", "net.safetensors"):
        target = network(1)
        assert state_sha256(target) != state_sha256(source)
        load_checkpoint(target, tmp_path / name, KeyRules())
        assert state_sha256(target) == state_sha256(source)


def test_one_weight_changes_it() -> None:
    """The last bit of one weight, and one running mean, count."""
    one, other = network(0), network(0)
    assert state_sha256(one) == state_sha256(other)
    with torch.no_grad():
        weight = one[0].weight
        weight[0, 0, 0, 0] = torch.nextafter(weight[0, 0, 0, 0], torch.tensor(torch.inf))
        other[1].running_mean[0] += 1
    assert len({state_sha256(one), state_sha256(other), state_sha256(network(0))}) == 3


def test_types_and_shapes_count() -> None:
    """Equal bytes of another type or shape are other weights."""
    flat, square, brain = nn.Module(), nn.Module(), nn.Module()
    flat.register_buffer("w", torch.zeros(4))
    square.register_buffer("w", torch.zeros(2, 2))
    brain.register_buffer("w", torch.zeros(8, dtype=torch.bfloat16))
    assert len({state_sha256(module) for module in (flat, square, brain)}) == 3


def test_layout_and_counters_do_not_count() -> None:
    """Channels-last memory and the number of training batches leave the function as it is."""
    one, other = network(0), network(0)
    other = other.to(memory_format=torch.channels_last)
    other[1].num_batches_tracked += 7
    assert state_sha256(one) == state_sha256(other)


def test_the_definition_by_hand() -> None:
    """One float32 tensor, hashed with the documented header and little-endian bytes."""
    module = nn.Module()
    module.register_buffer("w", torch.tensor([1.0, -2.0]))
    by_hand = hashlib.sha256(b"'w' torch.float32 (2,)\n" + bytes.fromhex("0000803f000000c0")).hexdigest()
    assert state_sha256(module) == by_hand


def test_a_file_is_hashed_as_it_is(tmp_path: Path) -> None:
    """SHA-256 of "abc", from FIPS 180-2."""
    (tmp_path / "abc").write_bytes(b"abc")
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert file_sha256(tmp_path / "abc") == expected
