"""Uses of undocumented Streamlit APIs that import Streamlit. `stt.compat` has those that work without the import."""
