"""Use the provider: the AI/ML API over HTTP, and the models it offers.

`client` calls it, `pacing` decides when, `results` converts its responses to a Transcript, `error_mapping` its errors
to ours. `catalog` describes every model with its options and price (`models.json`), `offered` selects those that this
server offers. No data of the provider is trusted (`stt.files.json_values`).
"""
