"""Every program that is measured, each in a file of its own."""
