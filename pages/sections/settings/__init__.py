"""Draw the sections of the Settings page, such as quotas, data, tokens and recovery codes; one file per section."""
