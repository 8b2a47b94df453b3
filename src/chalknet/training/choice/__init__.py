"""Where and by which engine a fit runs, chosen by what candidates cost."""
