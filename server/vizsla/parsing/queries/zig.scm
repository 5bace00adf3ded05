; Zig. A type is a constant that holds a container; tests are functions with a text or a function for a name.

(variable_declaration . (identifier) @name (struct_declaration "{" @body)) @unit.struct
(variable_declaration . (identifier) @name (union_declaration "{" @body)) @unit.struct
(variable_declaration . (identifier) @name (enum_declaration "{" @body)) @unit.enum
(variable_declaration . (identifier) @name (opaque_declaration "{" @body)) @unit.struct

(function_declaration name: (identifier) @name) @unit.function
; in a type without a name, such as one that a function makes
[
  (struct_declaration (function_declaration) @unit.method)
  (union_declaration (function_declaration) @unit.method)
  (enum_declaration (function_declaration) @unit.method)
]
(test_declaration [(string) (identifier)] @name (block) @body) @unit.function
(test_declaration (block) @body (#set! name "test")) @unit.function

; Names of the file; what is only imported is none.
((source_file (variable_declaration . (identifier) @defines (_) @_value .))
  (#not-match? @_value "^@import"))
