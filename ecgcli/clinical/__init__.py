"""Clinical: what the measurements mean. Statements, criteria, age limits, critical values.

Limits and codes live in data files beside the code, each row with its source.
"""
