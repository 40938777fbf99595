"""The routes beside the pages, and what answers them.

`routes` is the table. `endpoints` answers uploads, audio, health and metrics, `exports` hands out files, `recorder`
takes pieces of live recordings, `static` serves Streamlit's scripts. `rest` answers `/v1`, in the shapes of
`contract`, as `openapi` describes; `multipart` reads forms.
"""
