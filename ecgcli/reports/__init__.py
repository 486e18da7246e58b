"""Reports: one record's results as JSON, HTML and PDF, and the worklist over many."""
