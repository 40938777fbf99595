"""Draw parts of the Settings page: quotas, data, tokens, recovery codes."""
