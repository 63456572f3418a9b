"""Where networks come from: one module for each place, what it gives, and how published files are fetched."""
