function before() { return 1 }

const x = { a: 1,

function inside( { return }

class C {
  ok() { return 2 }
  bad( { }
}

function after() {
  return 3
}
