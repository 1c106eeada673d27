"""The pure core, in the standard library alone: the words, the plan, the verdicts, and the errors."""
