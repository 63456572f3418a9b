"""The release gate: a policy file, the results it judges, and a verdict with its error rates. Needs no torch."""
