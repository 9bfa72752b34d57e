"""From what an LMS exports to nbgrader's `submitted` folder: `nbgrader zip_collect`, configured."""
