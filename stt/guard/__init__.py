"""Check requests before they are handled.

`gate` refuses requests for host names that are not this server's (`hosts`), from pages of other sites (`cross_origin`
has the exceptions), and to routes that are not available to the client. `middleware` identifies the visitor and sets
the headers (`security_headers`). `bodies`, `connections` and `limiters` limit the resources that a client may use.
`base_path` serves the app under a path such as /stt.
"""
