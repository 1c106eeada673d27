"""The trend of a count: day by day, beside what is allowed; as text, JSON, HTML, and in the reports."""
