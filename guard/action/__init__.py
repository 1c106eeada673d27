"""The GitHub Action's own part: its inputs become a call of the command, and the outcome becomes outputs and pages."""
