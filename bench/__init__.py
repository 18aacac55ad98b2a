"""Figures side by side: see README.md here."""
