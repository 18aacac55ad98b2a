"""What other tools have recorded, and what they can read: import and export."""
