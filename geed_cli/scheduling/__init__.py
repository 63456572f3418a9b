"""Which worker does what next: a scheduler without clock, processes or network, which any engine can follow."""
