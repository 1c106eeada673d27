"""The version of audience-guard; every module may import it."""

__version__ = "0.1.0"
