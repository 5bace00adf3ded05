; OCaml. Bindings with parameters or a function for a body are functions; other values stay in what is around them.

(module_binding (module_name) @name body: (structure)) @unit.class
(module_binding (module_name) @name body: (functor body: (structure) @body)) @unit.class
(module_definition (module_binding) @unit.class) @outer
(module_type_definition (module_type_name) @name body: (signature)) @unit.interface
(class_binding (class_name) @name) @unit.class
(class_binding
  class_type: [(class_body_type) @body (class_function_type codomain: (class_body_type) @body)]) @unit.class
(class_definition (class_binding) @unit.class) @outer
(class_type_binding (class_type_name) @name) @unit.interface
(class_type_definition (class_type_binding) @unit.interface) @outer

(type_binding name: (type_constructor) @name body: (record_declaration)) @unit.struct
(type_binding name: (type_constructor) @name body: (variant_declaration)) @unit.enum
(type_definition (type_binding body: (record_declaration)) @unit.struct) @outer
(type_definition (type_binding body: (variant_declaration)) @unit.enum) @outer

(let_binding
  pattern: [(value_name) @name (parenthesized_operator (_) @name)]
  (parameter)) @unit.function
(let_binding
  pattern: [(value_name) @name (parenthesized_operator (_) @name)]
  body: [(fun_expression) (function_expression)]) @unit.function
; let%test "adds" = …
(value_definition (attribute_id) (let_binding pattern: (string) @name) @unit.function) @outer
(value_definition ["let" "rec" "and"] @outer . (let_binding) @unit.function)
(value_definition "let" @outer . "rec" . (let_binding) @unit.function)
(value_definition "let" @outer . (attribute) . (let_binding) @unit.function)

(method_definition (method_name) @name) @unit.method
(external (value_name) @name) @unit.function
(value_specification [(value_name) @name (parenthesized_operator (_) @name)]) @unit.function
(method_specification (method_name) @name) @unit.method

; Names of the module.
(compilation_unit (value_definition (let_binding pattern: (value_name) @defines)))
(type_definition (type_binding name: (type_constructor) @defines))
