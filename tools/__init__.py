"""What maintainers run: not shipped."""
