"""Networks that somebody's code builds as it likes: lazy, compiled, of one batch size, failing."""
