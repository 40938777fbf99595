"""Draw parts of the History page: filters, the table, actions on ticked transcripts, and the chart."""
