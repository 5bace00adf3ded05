; C#. Members without a body, and so most properties, stand in the outline of their type.

(namespace_declaration name: (_) @name) @scope
(compilation_unit (file_scoped_namespace_declaration name: (_) @name) @scope) @outer

(class_declaration name: (identifier) @name) @unit.class
(struct_declaration name: (identifier) @name) @unit.struct
(record_declaration name: (identifier) @name) @unit.class
(record_declaration "struct") @unit.struct
(interface_declaration name: (identifier) @name) @unit.interface
(enum_declaration name: (identifier) @name) @unit.enum

(method_declaration name: (identifier) @name body: (_)) @unit.method
((constructor_declaration name: (identifier) @name body: (_)) @unit.constructor
  (#not-eq? @name "extension")) ; extension(string text) { … } of C# 14
((destructor_declaration body: (_)) @unit.method (#set! name "Finalize"))
(local_function_statement name: (identifier) @name body: (_)) @unit.function

(operator_declaration "operator" @name operator: _ @name body: (_)) @unit.method
(conversion_operator_declaration "operator" @name type: (_) @name body: (_)) @unit.method

(property_declaration
  name: (identifier) @name
  accessors: (accessor_list (accessor_declaration body: (_))) @body) @unit.method
(property_declaration name: (identifier) @name value: (arrow_expression_clause) @body) @unit.method
(indexer_declaration "this" @name accessors: (accessor_list (accessor_declaration body: (_))) @body) @unit.method
(indexer_declaration "this" @name value: (arrow_expression_clause) @body) @unit.method
(event_declaration
  name: (identifier) @name
  accessors: (accessor_list (accessor_declaration body: (_))) @body) @unit.method

; Fields and variables that hold a function.
(field_declaration
  (variable_declaration
    (variable_declarator
      name: (identifier) @name
      [(lambda_expression body: (_) @body) (anonymous_method_expression)]) @unit.function)) @outer
(local_declaration_statement
  (variable_declaration
    (variable_declarator
      name: (identifier) @name
      [(lambda_expression body: (_) @body) (anonymous_method_expression)]) @unit.function)) @outer

; Names of the program.
(global_statement
  (local_declaration_statement (variable_declaration (variable_declarator name: (identifier) @defines))))
