"""Handle `/v1`, the REST API for programs with a token, in the formats of the AI/ML API.

`rest` and `webhooks` handle the routes. `creating` creates jobs, `contract` builds the responses, `shapes` defines the
types of all bodies, and `openapi` generates the OpenAPI document.
"""
