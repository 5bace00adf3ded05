let one () = 1

let two x =
  x + 1

let bad x = (x +

let three () = 3
