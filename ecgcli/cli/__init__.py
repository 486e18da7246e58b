"""The command line: one thin file per command; no logic that a library user would miss."""
