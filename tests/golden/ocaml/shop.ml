(** A shop and what it sells. *)

open Printf

(** An item with a price. *)
type item = { name : string; mutable price : int }

type colour = Red | Green of int [@@deriving show]

exception Empty of string

(** Sums the prices
    of all items. *)
let rec total = function
  | [] -> 0
  | item :: rest -> item.price + total rest

(* Even and odd
   need each other. *)
let rec even n = if n = 0 then true else odd (n - 1)

(** Odd numbers. *)
and odd n = if n = 0 then false else even (n - 1)

let limit = 10

let classify ?(low = 1) ~high (n : int) : string =
  let inside k = k > low && k < high in
  let rec loop i = if inside i then i else loop (i + 1) in
  if loop n > limit then "dear" else "cheap"

let double = fun x -> x * 2

let ( |+| ) a b = { name = a.name ^ b.name; price = a.price + b.price }

let[@inline] gr_öße s = String.length s (* größe 🙂 *)

let () =
  printf "%d\n" (total []);
  print_endline "let fake x = x"

let first, second = (1, 2)

(** Things with a label. *)
module type LABELLED = sig
  type t

  (** The label. *)
  val label : t -> string
end

(** Helpers for items. *)
module Item = struct
  type t = item

  let label item = item.name

  module Inner = struct
    let deep () = "deep"
  end
end

module Make (L : LABELLED) (_ : sig end) : LABELLED with type t = L.t = struct
  include L

  let label x = "<" ^ L.label x ^ ">"
end

(** Counts up. *)
class counter start =
  object (self)
    val mutable count = start

    (** Adds to the counter. *)
    method add n =
      count <- count + n;
      self#show

    method private show = print_int count

    initializer print_endline "made"
  end

class type showable = object
  method show : unit
end

external sin : float -> float = "caml_sin"

let%test "total of nothing" = total [] = 0

let handler : string -> unit = function "a" -> () | _ -> failwith "no"

let later = lazy (total [])
