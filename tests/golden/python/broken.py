import os

def before():
    """Still found."""
    return 1

def half(a, b:
    return a +

class Broken(
    def method(self):
        pass

def after(x):
    return [x for x in x

class Fine:
    def ok(self):
        return 2
