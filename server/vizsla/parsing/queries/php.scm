; PHP. Methods without a body stand in the outline of their type.

(program (namespace_definition name: (_) @name !body) @scope) @outer
(namespace_definition name: (_) @name body: (_)) @scope

(class_declaration name: (name) @name) @unit.class
(interface_declaration name: (name) @name) @unit.interface
(trait_declaration name: (name) @name) @unit.trait
(enum_declaration name: (name) @name) @unit.enum

(function_definition name: (name) @name) @unit.function
(method_declaration name: (name) @name body: (_)) @unit.method

; Property hooks: public string $name { get { … } }
(property_declaration
  (property_element name: (variable_name (name) @name))
  (property_hook_list (property_hook body: (_))) @body) @unit.method

; Closures with a name: $double = fn ($x) => $x * 2;
(expression_statement
  (assignment_expression
    left: [
      (variable_name (name) @name)
      (member_access_expression name: (name) @name)
      (scoped_property_access_expression name: (variable_name (name) @name))
    ]
    right: [(anonymous_function body: (_) @body) (arrow_function body: (_) @body)]) @unit.function) @outer
(array_element_initializer
  . (string (string_content) @name)
  . [(anonymous_function body: (_) @body) (arrow_function body: (_) @body)]) @unit.function

; Names of the file.
(const_element . (name) @defines)
