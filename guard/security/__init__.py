"""What keeps secrets in: which addresses and proxies may have one, and texts without them."""
