"""The history sent to TensorBoard and MLflow."""
