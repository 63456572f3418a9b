"""What an audit costs beside its forward passes; ``python -m benchmarks.speed`` says how."""
