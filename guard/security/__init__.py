"""Keeps secrets safe: the addresses and proxies they may go to, and texts without them."""
