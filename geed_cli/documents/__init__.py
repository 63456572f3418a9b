"""Documents that people write: strict YAML with line numbers, and validation against a schema."""
