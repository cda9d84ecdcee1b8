"""What a user asks of one table: a formula found, checked, proved, or fitted to a shape."""
