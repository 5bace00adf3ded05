class Crlf:
    """Windows
    lines.
    """

    # Above.
    def method(self):
        return "🙂"

x = 1
