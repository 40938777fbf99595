"""Keep the undocumented parts of libraries in one place: private names, internals, and the shape of their files.

A module for each library; callers get plain functions and classes. Each assumption has a test named after it, in
`tests/*/test_compat_*.py`, which the workflow runs first with the newest versions. What must import Streamlit stands in
`pages/compat`: workers and `import stt` run without it.
"""
