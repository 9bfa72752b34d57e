"""The grader's side: repair a submission, execute it, verify its evidence against the key."""
