"""From a workspace to a model folder that the server loads."""
