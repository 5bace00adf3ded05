; Swift. The grammar calls types and extensions alike class_declaration. What a protocol asks for stands in its outline.

(class_declaration
  declaration_kind: ["class" "actor"]
  name: (type_identifier) @name) @unit.class
(class_declaration
  declaration_kind: "struct"
  name: (type_identifier) @name) @unit.struct
(class_declaration
  declaration_kind: "enum"
  name: (type_identifier) @name) @unit.enum
(class_declaration
  declaration_kind: "extension"
  name: (_) @name) @scope.class
(protocol_declaration name: (type_identifier) @name) @unit.interface

(function_declaration
  name: [(simple_identifier) (custom_operator)
    "==" "!=" "===" "!==" "<" ">" "<=" ">=" "+" "-" "*" "/" "%" "!" "~" "|" "&" "^" "<<" ">>" "++" "--"
    "+=" "-=" "*=" "/=" "%=" "..." "..<" "??" ] @name) @unit.function
(init_declaration "init" @name body: (_)) @unit.constructor
(deinit_declaration "deinit" @name) @unit.method
(subscript_declaration "subscript" @name (computed_property) @body) @unit.method

(property_declaration
  name: (pattern bound_identifier: (simple_identifier) @name)
  computed_value: (computed_property) @body) @unit.function
(property_declaration
  name: (pattern bound_identifier: (simple_identifier) @name)
  (willset_didset_block) @body) @unit.function
(property_declaration
  name: (pattern bound_identifier: (simple_identifier) @name)
  value: (lambda_literal) @body) @unit.function
(property_declaration
  name: (pattern bound_identifier: (simple_identifier) @name)
  value: (call_expression . (lambda_literal)) @body) @unit.function

; Names of the file.
(source_file (property_declaration name: (pattern bound_identifier: (simple_identifier) @defines)))
(source_file (typealias_declaration . name: (type_identifier) @defines))
