"""Orders as the marketplaces tell them, what each line holds of our stock, and what we owe back: tracking."""
