"""The store: what the guard remembers of each run, in SQLite or PostgreSQL; imported only if a store is named."""
