"""Observe a running server.

`logs` writes one JSON object per line, `health` reports readiness, `metrics` counts, `monitor` serves `/healthz` and
`/metrics` on a worker.
"""
