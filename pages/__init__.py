"""Draw the pages. `frame` runs for every page, `sections` has parts of pages, `components` has custom elements."""
