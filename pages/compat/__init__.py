"""Use undocumented APIs of Streamlit, in code that imports Streamlit. `stt.compat` has the code that does not."""
