"""Observe a running server.

`logs` writes one JSON object per log record, `health` reports whether the process is ready, `metrics` collects metrics
for Prometheus, and `monitor` serves `/healthz` and `/metrics` on a worker.
"""
