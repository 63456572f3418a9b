"""Engines other than this process on the command line: the workers of a Ray cluster, and jobs of Slurm."""
