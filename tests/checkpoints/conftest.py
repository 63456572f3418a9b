"""Fixtures of the checkpoint tests."""

from support.checkpoints import read_in_this_process

__all__ = ["read_in_this_process"]
