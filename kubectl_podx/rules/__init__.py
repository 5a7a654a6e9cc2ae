"""What every rule is made of: the rule itself, and the commands that a remedy offers."""
