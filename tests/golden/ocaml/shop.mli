(** The interface of the shop. *)

type item

(** [total items] sums the prices. *)
val total : item list -> int

val ( |+| ) : item -> item -> item
(** Joins two items. *)

exception Empty of string

module type LABELLED = sig
  type t

  val label : t -> string
end

module Make (L : LABELLED) : sig
  val label : L.t -> string
end

external sin : float -> float = "caml_sin"

class counter : int -> object
  method add : int -> unit
end
