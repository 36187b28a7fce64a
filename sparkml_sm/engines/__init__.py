"""Trained models -> predictions; pure: neither Spark nor AWS is known here."""
