"""Audits in parts: tiles made into records by any process, and results assembled from these by one."""
