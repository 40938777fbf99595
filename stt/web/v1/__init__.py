"""Handle `/v1`: the provider's contract on this server, for programs with a token.

`rest` and `webhooks` handle the routes, in the shapes of `contract`. `shapes` defines the bodies, `openapi` the
document that describes them.
"""
