"""Draws results, comparisons, tracks and self-tests for people, and writes the gate's reports. Needs no torch."""
