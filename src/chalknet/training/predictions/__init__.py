"""What a fitted network says of new rows."""
