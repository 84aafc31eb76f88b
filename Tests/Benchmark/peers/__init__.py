"""What others would use instead of fanoutd, doing the same job against the same stub."""
