; Units of Go. The captures are described in units.py.
(function_declaration name: (_) @name body: (_) @body) @unit.function

(method_declaration
  receiver: (parameter_list
    (parameter_declaration type: (_) @container))
  name: (_) @name
  body: (_) @body) @unit.method

; type T struct { ... },  type T func(...),  type T []E
(type_spec name: (_) @name type: (struct_type (field_declaration_list) @body)) @unit.struct
(type_spec name: (_) @name type: (interface_type "{" @body)) @unit.interface
(type_spec name: (_) @name type: (function_type)) @unit.interface
(type_spec name: (_) @name type: [(map_type) (slice_type) (channel_type)]) @unit.struct
(type_declaration (type_spec type: (function_type)) @unit.interface) @outer
(type_declaration (type_spec type: [(map_type) (slice_type) (channel_type)]) @unit.struct) @outer
(type_declaration (type_spec type: (struct_type)) @unit.struct) @outer
(type_declaration (type_spec type: (interface_type)) @unit.interface) @outer

; var f = func() { ... },  f := func() { ... },  s.f = func() { ... }
(var_spec
  name: (_) @name
  value: (expression_list . (func_literal body: (_) @body) .)) @unit.function
(var_declaration (var_spec value: (expression_list . (func_literal) .)) @unit.function) @outer
(short_var_declaration
  left: (expression_list . (identifier) @name .)
  right: (expression_list . (func_literal body: (_) @body) .)) @unit.function
(assignment_statement
  left: (expression_list . (identifier) @name .)
  right: (expression_list . (func_literal body: (_) @body) .)) @unit.function
(assignment_statement
  left: (expression_list . (selector_expression operand: (_) @container field: (_) @name) .)
  right: (expression_list . (func_literal body: (_) @body) .)) @unit.function

; T{Name: func() { ... }}
(keyed_element
  key: (literal_element [(identifier) (interpreted_string_literal)] @name)
  value: (literal_element (func_literal body: (_) @body))) @unit.function
(var_spec
  name: (_) @name
  value: (expression_list . [(composite_literal) (unary_expression (composite_literal))])) @scope
(short_var_declaration
  left: (expression_list . (identifier) @name .)
  right: (expression_list . [(composite_literal) (unary_expression (composite_literal))])) @scope

; Names of the package.
(source_file (const_declaration (const_spec name: (identifier) @defines)))
(source_file (var_declaration (var_spec name: (identifier) @defines)))
(source_file (var_declaration (var_spec_list (var_spec name: (identifier) @defines))))
(source_file (type_declaration [(type_alias name: (_) @defines) (type_spec name: (_) @defines)]))
