"""What pyproject.toml cannot say: `Resources/`, which lies beside the package for 3D Slicer, is installed in it."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["CovidQuantLib*"]), "CovidQuantLib.Resources"],
    package_dir={"CovidQuantLib.Resources": "Resources"},
    package_data={"CovidQuantLib.Resources": ["**/*"], "CovidQuantLib.reports": ["templates/*"]},
)
