"""The provider: the AI/ML API over HTTP, and the models it offers.

`client` calls it, `pacing` decides when, `results` turns its answers into a Transcript, `error_mapping` its errors
into ours. `catalog` knows every model with its options and price (`models.json`), `offered` which of them this server
offers. Nothing that the provider sends is trusted (`stt.files.json_values`).
"""
