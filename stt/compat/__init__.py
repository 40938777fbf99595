"""Hold all code that depends on undocumented parts of libraries: private names, internals, file layouts.

Each library has its own module, which offers plain functions and classes. Each assumption about a library has a test in
`tests/*/test_compat_*.py`. A CI workflow runs these tests first, with the newest versions of the libraries. Code
that must import Streamlit is in `pages/compat`, because workers and `import stt` must run without Streamlit.
"""
