"""Models in memory: `device` chooses what they run on, `loaded` keeps several within a limit."""
