"""Draw minutes of audio per day and model, initially collapsed."""

from __future__ import annotations

import altair as alt
import pandas as pd
import streamlit as st

from pages.format import time_zone
from stt.library import history

DAYS = 90
COLOURS = [
    "#2fa193",
    "#c98f3c",
    "#6e8fc4",
    "#b0687c",
    "#8a9457",
    "#9a89bb",
]  # muted, for light and dark mode


def history_chart(owner: str, wanted: history.Wanted) -> None:
    """Draw the chart of the transcripts that are listed."""
    folded = st.expander("Minutes per day and model", icon=":material/bar_chart:", key="chart", on_change="rerun")
    if not folded.open:
        return
    with folded:
        counted = history.minutes_by_day(owner, time_zone(), **wanted)
        if not counted:
            st.caption("Nothing with a known length here.")
            return
        frame = pd.Series(counted).rename_axis(["Day", "Model"]).rename("Minutes").reset_index()
        frame["Day"] = pd.to_datetime(frame["Day"])
        recent = frame["Day"] > frame["Day"].max() - pd.Timedelta(days=DAYS)
        st.altair_chart(_bars(frame[recent]), height=240)
        if not recent.all():
            st.caption(f"The last {DAYS} days of what is listed. Below, all of it.")
        st.dataframe(
            frame.groupby("Model")["Minutes"].sum().sort_values(ascending=False).reset_index(),
            hide_index=True,
            width="content",
            column_config={"Minutes": st.column_config.NumberColumn(format="%.1f")},
        )


def _bars(frame: pd.DataFrame) -> alt.Chart:
    """Return a chart with a bar per day and a colour per model. It does not zoom, so scrolling moves the page."""
    chart: alt.Chart = (
        alt.Chart(frame)
        .mark_bar()
        .encode(
            x=alt.X("yearmonthdate(Day):T", title=None, axis=alt.Axis(format="%-d %b", labelOverlap=True)),
            y=alt.Y("Minutes:Q"),
            color=alt.Color("Model:N", scale=alt.Scale(range=COLOURS), legend=alt.Legend(orient="bottom", title=None)),
            tooltip=[alt.Tooltip("Day:T", format="%-d %b %Y"), "Model:N", alt.Tooltip("Minutes:Q", format=",.1f")],
        )
    )
    return chart
