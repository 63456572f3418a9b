"""Many audits at once: models × data sets, one saved result a cell, and the file that says what was made of which."""
