"""Persons, what each may do, their sessions and the trail they leave. Knows no shop and no stock."""
