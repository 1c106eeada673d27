"""The edge to Blueshift's HTTP API: requests and answers, their pacing, and the proof that a count is fresh."""
