"""chalknet: from the blackboard to the GPU."""
