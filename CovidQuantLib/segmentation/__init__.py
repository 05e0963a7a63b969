"""Segmentation: a CT in, label maps out."""
