"""The version of audience-guard, which everything may import."""

__version__ = "0.1.0"
