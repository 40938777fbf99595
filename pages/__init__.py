"""Draw the pages. `frame` runs for each of them; `sections` has parts of pages, `components` has our own elements."""
