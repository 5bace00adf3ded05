; Units of C++. The captures are described in units.py. A name like A::B::f is split into container and name.

; Functions and methods inside a class; the declarator may be wrapped by a pointer or a reference.
(function_definition
  declarator: (function_declarator
    declarator: [
      (identifier) @name
      (field_identifier) @name
      (operator_name) @name
      (destructor_name) @name
      (template_function name: (_) @name)
    ])
  body: (_) @body) @unit.function
(function_definition
  declarator: (_
    (function_declarator
      declarator: [
        (identifier) @name
        (field_identifier) @name
        (operator_name) @name
        (template_function name: (_) @name)
      ]))
  body: (_) @body) @unit.function
(function_definition
  declarator: (_ (_ (function_declarator declarator: [(identifier) @name (field_identifier) @name])))
  body: (_) @body) @unit.function

; Defined outside of their class, or of their namespace.
(function_definition
  declarator: (function_declarator declarator: (qualified_identifier) @name)
  body: (_) @body) @unit.method
(function_definition
  declarator: (_ (function_declarator declarator: (qualified_identifier) @name))
  body: (_) @body) @unit.method
(function_definition
  declarator: (_ (_ (function_declarator declarator: (qualified_identifier) @name)))
  body: (_) @body) @unit.method

; operator bool() const { ... }
(function_definition
  declarator: [(operator_cast) (qualified_identifier)] @name
  body: (_) @body) @unit.method

(template_declaration (function_definition) @unit.function) @outer
(template_declaration (template_declaration (function_definition) @unit.function)) @outer

; Types.
(class_specifier name: (_) @name body: (_) @body) @unit.class
(struct_specifier name: (_) @name body: (_) @body) @unit.struct
(union_specifier name: (_) @name body: (_) @body) @unit.struct
(enum_specifier name: (_) @name body: (_) @body) @unit.enum
(declaration type: (struct_specifier name: (_) body: (_)) @unit.struct) @outer
(declaration type: (class_specifier name: (_) body: (_)) @unit.class) @outer
(template_declaration (class_specifier) @unit.class) @outer
(template_declaration (struct_specifier) @unit.struct) @outer
(concept_definition name: (_) @name) @unit.interface
(template_declaration (concept_definition) @unit.interface) @outer
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

(namespace_definition name: (_) @name) @scope

; auto f = [](int a) { ... };
(init_declarator
  declarator: (identifier) @name
  value: (lambda_expression body: (_) @body)) @unit.function
(declaration declarator: (init_declarator value: (lambda_expression)) @unit.function) @outer

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
(alias_declaration name: (type_identifier) @defines)
