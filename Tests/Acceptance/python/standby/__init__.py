"""Stories about several fanoutd nodes on a PostgreSQL pair, with real processes that fail."""
