"""The course around grading: class runs, sample classes, tables and exports."""
