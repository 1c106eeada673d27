"""The Slack app: commands, the checks that they start, and the messages that answer them."""
