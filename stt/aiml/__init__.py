"""Use the provider, which is the AI/ML API: call it over HTTP, and list the models that it offers.

`client` sends the requests and `pacing` decides when to send them. `results` converts a response to a `Transcript`,
and `insights` reads the rest of the response, such as the summary. `error_mapping` converts the provider's errors to
those of `stt.errors`. `catalog` describes every model with its options and price (`models.json`), `offered` selects
the models that this server offers, and `options` checks the options of a request. All data from the provider is
validated with `stt.files.json_values`.
"""
