"""CovidQuant: lungs, lobes, segments and pneumonia infection of a chest CT, with every number about them."""

__version__ = "0.1.0"
