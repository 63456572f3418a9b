"""What the shell offers at the tab key: names that begin with what stands there, without importing torch."""
