"""Records: find recordings in folders, read them whatever the format, write them.

The lowest room: it imports no other. Out of it comes one type, `Record`.
"""
