"""The experiments of Kvinge et al. (NeurIPS 2022), run with geed: networks, data, trainings, commands and verdicts."""
