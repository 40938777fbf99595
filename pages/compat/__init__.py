"""Import undocumented APIs of Streamlit. Code that relies on such APIs without importing them is in `stt.compat`."""
