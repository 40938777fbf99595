"""Minutes of audio per day and per model, folded away until somebody asks."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.widgets.amounts import time_zone
from stt import history

DAYS = 90
COLOURS = ["#2fa193", "#c98f3c", "#6e8fc4", "#b0687c", "#8a9457", "#9a89bb"]  # calm on light and on dark


def history_chart(owner: str, wanted: history.Wanted) -> None:
    folded = st.expander("Minutes per day and model", icon=":material/bar_chart:", key="chart", on_change="rerun")
    if not folded.open:
        return
    with folded:
        counted = history.minutes_by_day(owner, time_zone(), **wanted)
        if not counted:
            st.caption("Nothing with a known length here.")
            return
        frame = pd.Series(counted).rename_axis(["Day", "Model"]).unstack(fill_value=0.0)
        last = frame.index.max()
        days = pd.date_range(end=last, periods=min(DAYS, (last - frame.index.min()).days + 1)).date
        shown = frame.reindex(days, fill_value=0.0)
        drawn = shown.loc[:, shown.any()]
        colours = [COLOURS[at % len(COLOURS)] for at in range(drawn.shape[1])]
        st.bar_chart(drawn, x_label="", y_label="Minutes", height=240, color=colours)
        if len(shown) < (last - frame.index.min()).days + 1:
            st.caption(f"The last {DAYS} days of what is listed.")
        st.dataframe(
            frame.sum().sort_values(ascending=False).rename("Minutes").reset_index(),
            hide_index=True,
            column_config={"Minutes": st.column_config.NumberColumn(format="%.1f", width="small")},
        )
