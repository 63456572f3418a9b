"""What tests share: networks, pictures, results, audits, stores, the command line."""
