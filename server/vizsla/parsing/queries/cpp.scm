; What C++ has besides c_family.scm. A name like A::B::f is split into container and name.

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
(declaration type: (class_specifier name: (_) body: (_)) @unit.class) @outer
(template_declaration (class_specifier) @unit.class) @outer
(template_declaration (struct_specifier) @unit.struct) @outer
(concept_definition name: (_) @name) @unit.interface
(template_declaration (concept_definition) @unit.interface) @outer

(namespace_definition name: (_) @name) @scope

; auto f = [](int a) { ... };
(init_declarator
  declarator: (identifier) @name
  value: (lambda_expression body: (_) @body)) @unit.function
(declaration declarator: (init_declarator value: (lambda_expression)) @unit.function) @outer

; Names of the file.
(alias_declaration name: (type_identifier) @defines)
