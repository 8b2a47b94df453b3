"""The scripts are read by type checkers, not run."""

collect_ignore_glob = ["scripts/*"]
