(** {1 Making} *)

val make : unit -> t
(** Makes one. *)

(** {1:ends Ending} *)

(** Ends one. *)
val stop : t -> unit

val undocumented : t
