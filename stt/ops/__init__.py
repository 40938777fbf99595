"""What whoever runs the server wants to know.

`logs` writes one JSON object per line, `health` says whether this process is ready, `metrics` counts, `monitor`
answers `/healthz` and `/metrics` on a worker.
"""
