"""Quantification: label maps in, numbers out."""
