from typing import overload

class Store:
    size: int
    @overload
    def get(self, key: str) -> int: ...
    @overload
    def get(self, key: int) -> str: ...

def open_store(path: str, /, *, mode: str = ...) -> Store: ...
