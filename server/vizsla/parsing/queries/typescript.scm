; What TypeScript has besides ecmascript.scm.
(class_body (decorator)+ @outer . (method_definition) @unit.method)
(class_body
  (public_field_definition
    name: (_) @name
    value: [
      (function_expression body: (_) @body)
      (generator_function body: (_) @body)
      (arrow_function body: (_) @body)
    ]) @unit.method)
(abstract_class_declaration name: (_) @name body: (_) @body) @unit.class
(export_statement declaration: (abstract_class_declaration) @unit.class) @outer

; Types.
(interface_declaration name: (_) @name body: (_) @body) @unit.interface
(type_alias_declaration
  name: (_) @name
  value: [
    (object_type) (conditional_type) (intersection_type) (union_type)
  ] @body) @unit.interface
(type_alias_declaration name: (_) @name value: (function_type)) @unit.interface
(enum_declaration name: (_) @name body: (_) @body) @unit.enum
(export_statement
  declaration: [
    (interface_declaration) @unit.interface
    (type_alias_declaration
      value: [(object_type) (conditional_type) (intersection_type) (union_type) (function_type)]) @unit.interface
    (enum_declaration) @unit.enum
  ]) @outer
(ambient_declaration [(class_declaration) (abstract_class_declaration)] @unit.class) @outer
(ambient_declaration (interface_declaration) @unit.interface) @outer
(ambient_declaration (enum_declaration) @unit.enum) @outer

; Namespaces.
(internal_module name: (_) @name) @scope
(module name: (_) @name) @scope

; Names of the module.
(program (type_alias_declaration name: (_) @defines))
(program (export_statement declaration: (type_alias_declaration name: (_) @defines)))
(program (ambient_declaration (lexical_declaration (variable_declarator name: (identifier) @defines))))
