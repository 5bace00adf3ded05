one() {
  echo 1
}

bad() {
  if [ "$1" ]; then
    echo "$1"
}

three() {
  echo 3
}

open() {
  for x in a b; do
    echo "$x
