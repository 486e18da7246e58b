"""Exports: results over many records in formats that other programs read."""
