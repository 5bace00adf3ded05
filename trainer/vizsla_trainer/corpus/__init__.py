"""The corpus of the models that ship with the package: which packages, fetched by whom, unpacked and mined how."""
