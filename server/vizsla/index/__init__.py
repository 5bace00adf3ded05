"""What is kept on disk: files, functions, full text and vectors. Knows no model and no grammar."""
