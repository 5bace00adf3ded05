; What C and C++ have in common. The captures are described in units.py.
(struct_specifier name: (_) @name body: (_) @body) @unit.struct
(union_specifier name: (_) @name body: (_) @body) @unit.struct
(enum_specifier name: (_) @name body: (_) @body) @unit.enum
(declaration type: (struct_specifier name: (_) body: (_)) @unit.struct) @outer

; typedef struct { ... } name;
(type_definition
  type: (struct_specifier !name body: (_) @body)
  declarator: (type_identifier) @name) @unit.struct
(type_definition
  type: (union_specifier !name body: (_) @body)
  declarator: (type_identifier) @name) @unit.struct
(type_definition
  type: (enum_specifier !name body: (_) @body)
  declarator: (type_identifier) @name) @unit.enum
(type_definition type: (struct_specifier name: (_) body: (_)) @unit.struct) @outer
(type_definition type: (union_specifier name: (_) body: (_)) @unit.struct) @outer
(type_definition type: (enum_specifier name: (_) body: (_)) @unit.enum) @outer

; #define NAME(x) ...
(preproc_function_def name: (_) @name value: (_) @body) @unit.function

; Names of the file.
(preproc_def name: (identifier) @defines value: (_))
(_ (declaration declarator: (init_declarator declarator: [
  (identifier) @defines
  (pointer_declarator declarator: (identifier) @defines)
  (array_declarator declarator: (identifier) @defines)
])))
(type_definition declarator: (type_identifier) @defines)
