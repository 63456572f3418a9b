"""Data sets by their names: torchvision's (``torch/NAME``) and Hugging Face's (``hfds/NAME``), with their labels.

The libraries are imported where such a name is given, and nothing is downloaded or unpickled unasked.
"""
