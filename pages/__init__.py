"""The pages. What the first of them needs of `stt` is there once this package is: see `startup.load`."""

from stt import late

late.load()
