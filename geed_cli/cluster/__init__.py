"""Audits by the workers of a cluster; Ray is imported where it is asked for, and nowhere else."""
