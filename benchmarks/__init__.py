"""What the tables and figures in docs/ were made with: ``python -m benchmarks.NAME``. Not part of the package."""
