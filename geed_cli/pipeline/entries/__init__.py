"""From rows to the entries of a result: values with intervals, places on the way to another image, top classes."""
