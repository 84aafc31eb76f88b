"""The tests of fanoutd's page, in a real Chromium against a real executable."""
