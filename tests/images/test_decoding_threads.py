"""Decoding threads leave the cores' thread pools to the network."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

DECODE_IN_A_THREAD = """
import os, threading
import torch
from PIL import Image
from geed_cli.images.picture import Picture
from geed_cli.images.preprocess import to_pixels
from geed_cli.input_settings import InputSettings

def native_threads():
    return len(os.listdir("/proc/self/task"))

def decode():
    settings = InputSettings(size=224, resize=256, mean=(0, 0, 0), std=(1, 1, 1), interpolation="bicubic")
    for side, way in ((224, "exact"), (318, "exact"), (224, "fast"), (318, "fast")):
        to_pixels(Picture(Image.new("RGB", (1200, 900))), settings, side=side, decode=way)
    seen.append(native_threads())

torch.set_num_threads(4)
seen = [native_threads()]
thread = threading.Thread(target=decode)
thread.start()
thread.join()
print(*seen)
"""


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="counts threads as Linux lists them")
@pytest.mark.skipif(
    torch.backends.cpu.get_cpu_capability() == "DEFAULT", reason="without AVX2 torch resizes with such a pool"
)
@pytest.mark.heavy
def test_a_decoding_thread_starts_no_pool_of_threads() -> None:
    """While a thread decodes there is that thread more than before, and no OpenMP pool of its own."""
    done = subprocess.run(
        [sys.executable, "-c", DECODE_IN_A_THREAD], capture_output=True, text=True, check=True
    )
    before, during = map(int, done.stdout.split())
    assert during == before + 1
