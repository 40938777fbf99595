"""Models in memory: `device` chooses the device, `loaded` keeps several models within a memory limit."""
