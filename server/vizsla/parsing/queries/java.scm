; Units of Java. The captures are described in units.py. Methods without a body stand in the outline of their type.
(class_declaration name: (_) @name body: (_) @body) @unit.class
(record_declaration name: (_) @name body: (_) @body) @unit.class
(interface_declaration name: (_) @name body: (_) @body) @unit.interface
(annotation_type_declaration name: (_) @name body: (_) @body) @unit.interface
(enum_declaration name: (_) @name body: (_) @body) @unit.enum

(method_declaration name: (_) @name body: (_) @body) @unit.method
(constructor_declaration name: (_) @name body: (_) @body) @unit.constructor
(compact_constructor_declaration name: (_) @name body: (_) @body) @unit.constructor

; Runnable r = () -> { ... };  Comparator<A> c = new Comparator<>() { ... };
(field_declaration
  declarator: (variable_declarator name: (_) @name value: (lambda_expression body: (_) @body))) @unit.method
(local_variable_declaration
  declarator: (variable_declarator name: (_) @name value: (lambda_expression body: (block) @body))) @unit.function
(variable_declarator
  name: (_) @name
  value: (object_creation_expression (class_body))) @scope.class

; enum constants with a body of their own
(enum_constant name: (_) @name body: (class_body)) @scope.class
