"""Fixtures of the tests of the face of Python."""

from support.checkpoints import read_in_this_process
from support.command import geed

__all__ = ["geed", "read_in_this_process"]
