; What C has besides c_family.scm.

; The declarator of a function may be wrapped by pointers.
(function_definition
  declarator: (function_declarator declarator: (identifier) @name)
  body: (_) @body) @unit.function
(function_definition
  declarator: (pointer_declarator declarator: (function_declarator declarator: (identifier) @name))
  body: (_) @body) @unit.function
(function_definition
  declarator: (pointer_declarator
    declarator: (pointer_declarator declarator: (function_declarator declarator: (identifier) @name)))
  body: (_) @body) @unit.function
(function_definition
  declarator: (parenthesized_declarator (function_declarator declarator: (identifier) @name))
  body: (_) @body) @unit.function
; int (name)(void) { ... }
(function_definition
  declarator: (function_declarator declarator: (parenthesized_declarator (identifier) @name))
  body: (_) @body) @unit.function
; int (*name(int))(int) { ... }, a function that returns a function
(function_definition
  declarator: (function_declarator
    declarator: (parenthesized_declarator
      (pointer_declarator declarator: (function_declarator declarator: (identifier) @name))))
  body: (_) @body) @unit.function
