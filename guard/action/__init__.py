"""The GitHub Action's own part: reads its inputs, calls what the command calls, and writes outputs and pages."""
