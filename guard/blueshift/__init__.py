"""The client of Blueshift's HTTP API: requests, answers, rate limit, retries, and the proof that a count is fresh."""
