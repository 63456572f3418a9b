"""Results: what a run found, as frozen values, and their JSON file. Nothing here needs torch."""
