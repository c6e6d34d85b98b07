"""The roof: the application, the public home, health and the whole-site commands."""
