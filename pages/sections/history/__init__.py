"""Draw parts of the History page: filters, table, actions on ticked rows, chart."""
