"""Draw a chart of minutes of audio per day and model, in a section that is collapsed at first."""

from __future__ import annotations

import altair as alt
import pandas as pd
import streamlit as st

from pages.format import time_zone
from pages.texts import tr
from stt.library import history

DAYS = 90  # maximum number of days in the chart, up to the newest day with audio
COLOURS = [
    "#2fa193",
    "#c98f3c",
    "#6e8fc4",
    "#b0687c",
    "#8a9457",
    "#9a89bb",
]  # muted colours, which can be read in light and in dark mode


def history_chart(owner: str, wanted: history.Filter) -> None:
    """Draw the chart of the transcripts that match the filter `wanted`."""
    folded = st.expander(tr("Minutes per day and model"), icon=":material/bar_chart:", key="chart", on_change="rerun")
    if not folded.open:
        return
    with folded:
        counted = history.minutes_by_day(owner, time_zone(), **wanted)
        if not counted:
            st.caption(tr("None of these transcripts has a known length."))
            return
        frame = pd.Series(counted).rename_axis(["Day", "Model"]).rename("Minutes").reset_index()
        frame["Day"] = pd.to_datetime(frame["Day"])
        recent = frame["Day"] > frame["Day"].max() - pd.Timedelta(days=DAYS)
        st.altair_chart(_bars(frame[recent]), height=240)
        if not recent.all():
            st.caption(tr("The chart shows the last {count} days. The table below counts all days.", count=DAYS))
        st.dataframe(
            frame.groupby("Model")["Minutes"].sum().sort_values(ascending=False).reset_index(),
            hide_index=True,
            width="content",
            column_config={
                "Model": tr("Model"),
                "Minutes": st.column_config.NumberColumn(tr("Minutes"), format="%.1f"),
            },
        )


def _bars(frame: pd.DataFrame) -> alt.Chart:
    """Return a chart with a bar per day and a colour per model. Zooming is off: the mouse wheel scrolls the page."""
    day, model, minutes = tr("Day"), tr("Model"), tr("Minutes")
    chart: alt.Chart = (
        alt.Chart(frame)
        .mark_bar()
        .encode(
            x=alt.X("yearmonthdate(Day):T", title=None, axis=alt.Axis(format="%-d %b", labelOverlap=True)),
            y=alt.Y("Minutes:Q", title=minutes),
            color=alt.Color("Model:N", scale=alt.Scale(range=COLOURS), legend=alt.Legend(orient="bottom", title=None)),
            tooltip=[
                alt.Tooltip("Day:T", title=day, format="%-d %b %Y"),
                alt.Tooltip("Model:N", title=model),
                alt.Tooltip("Minutes:Q", title=minutes, format=",.1f"),
            ],
        )
    )
    return chart
