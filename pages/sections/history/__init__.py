"""Parts of the History page: filters, table, actions on what is ticked, chart."""
