"""Draw the History page: a table of transcripts, which the database searches, filters, sorts, counts and pages."""

import streamlit as st

from pages import session
from pages.escape import show_stored_error
from pages.format import length
from pages.sections.history.actions import every_one, history_actions, open_transcript
from pages.sections.history.chart import history_chart
from pages.sections.history.filters import page_number, remember_view, restore_view, search_filters_order
from pages.sections.history.table import OPENED, history_table
from pages.sections.settings import recovery
from pages.texts import tr, trn
from stt.library import history

ROWS = 100  # maximum number of transcripts on one page of the table
owner = session.owner()
state = st.session_state


def in_words(totals: history.Totals) -> str:
    """Return totals in words, such as "2 h 5 min, 18,000 words, $0.71"."""
    amounts = [length(totals.seconds)] if totals.seconds else []  # imported texts without times have no length
    amounts.append(trn("{count:,} word", "{count:,} words", totals.words))
    if totals.cost is not None:
        amounts.append(f"\\${totals.cost:,.2f}" if totals.cost >= 0.01 else f"\\${totals.cost:,.4f}")
    return ", ".join(amounts)


st.title(tr("History"), anchor=False)
show_stored_error("notice")
recovery.hint()
restore_view()
pressed = state.pop(OPENED, None)
wanted, sort, descending = search_filters_order(owner)
found = history.totals(owner, **wanted)
with st.container(key="history"):
    if found.count:
        count = trn("{count:,} transcript", "{count:,} transcripts", found.count)
        how = tr(
            "Click a row to read the transcript, or a column name to sort all transcripts. Select rows for more "
            "actions."
        )
        st.caption(f"{count}. {in_words(found)}. {how}")
        above, table = st.container(horizontal=True, vertical_alignment="center", key="history-actions"), st.container()
        number = page_number(-(-found.count // ROWS), (wanted, sort, descending))
        jobs = history.find(owner, sort=sort, descending=descending, limit=ROWS, offset=(number - 1) * ROWS, **wanted)
        remember_view()
        with table:
            hits = history.in_context(jobs, wanted["text"])
            chosen, clicked = history_table(jobs, hits, sort=sort, descending=descending, priced=found.cost is not None)
        if opened := pressed or clicked:
            open_transcript(opened, find=hits[opened].hit if opened in hits else "")
        with above:
            if found.count > ROWS and every_one(found.count, wanted):
                chosen = history.find(owner, sort=sort, descending=descending, **wanted)
            history_actions(owner, chosen)
            if chosen:
                amounts = in_words(history.totals_of(chosen))
                ticked = trn(
                    "{count:,} selected: {amounts}.", "{count:,} selected: {amounts}.", len(chosen), amounts=amounts
                )
                st.caption(ticked, width="content")
        history_chart(owner, wanted)
    elif pressed:  # meanwhile the transcript no longer matches the filters, or was deleted
        open_transcript(pressed)
    elif any(wanted.values()):
        st.info(tr("Nothing matches. Change the search or the filters."))
    else:
        st.info(tr("No transcripts yet. They appear here as soon as you start one."))
        st.page_link("transcribe.py", label=tr("Transcribe a recording"), icon=":material/graphic_eq:")
