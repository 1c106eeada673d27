"""The command: it parses, builds, runs, writes, and hands on the exit code; it decides nothing."""
