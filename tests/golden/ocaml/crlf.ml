(** Says hello. *)
let hello name =
  "hello " ^ name
