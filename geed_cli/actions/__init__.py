"""How elements of groups and members of sets act on tensors: on pixels, on hidden maps, on channels.

Left action throughout: (gh)·x = g·(h·x).
"""
