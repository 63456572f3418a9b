"""Rows of images as plain values outside of a process: records of tiles, the files that hold them, and their union.

Nothing here knows a network, and nothing that is read executes code. Merging is a union by image.
"""
