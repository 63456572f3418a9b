"""Finite groups and their elements in exact arithmetic: names, products, files of generators; needs no torch.

Left action throughout: (gh)·x = g·(h·x).
"""
