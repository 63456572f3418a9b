"""Stacks of maps and how they are summed: by the kernel or by torch, behind one interface."""
