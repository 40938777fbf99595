"""Handle the routes beside the pages.

`routes` is the table. `endpoints` handles uploads, audio, health and metrics, `exports` sends files, `recorder`
receives pieces of live recordings, `static` serves Streamlit's scripts. `rest` handles `/v1`, in the shapes of
`contract`, as described by `openapi`. `multipart` parses forms.
"""
