"""Audits while a network is trained: a monitor that leaves the training as it is, and callbacks of trainers."""
