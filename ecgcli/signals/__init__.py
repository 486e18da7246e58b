"""Signals: arrays in, numbers out. Filter, judge quality, find beats, measure.

It imports `records` only. It states what was measured and what could not be, and never what it
means: that is the clinical room's work.
"""
