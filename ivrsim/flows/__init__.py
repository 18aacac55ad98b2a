"""What to call: flow files, documents, URLs, Python applications; and the check of files."""
