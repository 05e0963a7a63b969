"""Data lists: which CTs there are, with their masks and patients, and each as the truth that an answer is judged by."""

from CovidQuantLib.datalists.datalist import Datalist, Entry, Unmasked, read_datalist
from CovidQuantLib.datalists.truth import Masks, Truth, read_masks, read_truth

__all__ = ["Datalist", "Entry", "Masks", "Truth", "Unmasked", "read_datalist", "read_masks", "read_truth"]
