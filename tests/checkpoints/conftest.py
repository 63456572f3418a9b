"""Fixtures of the checkpoint tests."""

from reading import read_in_this_process

__all__ = ["read_in_this_process"]
