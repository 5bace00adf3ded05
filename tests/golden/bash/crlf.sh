# Says hello.
hello() {
  echo "hello $1"
}
