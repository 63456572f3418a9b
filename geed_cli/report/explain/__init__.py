"""What ``geed explain`` prints: names from the objects that compute them, and saved files from top to bottom."""
