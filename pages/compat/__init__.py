"""Keep what Streamlit does not document behind one wall, as far as it must import Streamlit (see `stt.compat`)."""
