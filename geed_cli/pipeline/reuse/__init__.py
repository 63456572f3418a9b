"""Values of earlier runs, so that a run measures only what is new; every run works without them."""
