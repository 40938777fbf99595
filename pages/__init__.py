"""The pages. Whatever they need of `stt` is there once this package is: see `startup.load`."""

from stt import startup

startup.load()
