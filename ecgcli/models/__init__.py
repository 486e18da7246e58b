"""Networks that ship with the package, and how their weights are loaded."""
