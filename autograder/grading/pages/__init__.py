"""What a browser shows of notebooks: nothing of a student's runs there, or loads from elsewhere."""
