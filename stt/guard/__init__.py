"""What happens to a request before it is answered.

`gate` refuses requests for other host names (`hosts`), from other sites (`cross_origin`) and to closed routes.
`middleware` knows the visitor and sets the headers (`security_headers`). `bodies`, `connections` and `limiters` bound
what a client may take. `base_path` is the path under which people reach the app.
"""
