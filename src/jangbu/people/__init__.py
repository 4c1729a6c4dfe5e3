"""Who may do what here: persons, roles, passwords, sessions, invitations, and the trail of what they did."""
