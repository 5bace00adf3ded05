// Above.
function crlf(a) {
  return a
}

let z = "🙂"; var g = () => z
