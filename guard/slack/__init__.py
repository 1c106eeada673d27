"""The guard in Slack: what people ask there, the checks that follow, and the messages that answer."""
