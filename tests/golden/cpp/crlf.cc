// Windows.
class Crlf {
  // Above.
  int one() {
    return 1;
  }
};
