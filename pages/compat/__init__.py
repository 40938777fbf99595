"""Isolate the uses of undocumented Streamlit APIs that must import Streamlit (for others see `stt.compat`)."""
