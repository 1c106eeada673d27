"""The pure core: the model, the plan, the verdicts and the errors. It uses only the standard library."""
