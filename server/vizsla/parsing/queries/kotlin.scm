; Kotlin. Getters and setters belong to their property, which is a unit where one of them has a body. Functions without
; a body stand in the outline of their type.

(class_declaration "class" name: (identifier) @name) @unit.class
(class_declaration "interface" name: (identifier) @name) @unit.interface
(class_declaration (modifiers (class_modifier "enum"))) @unit.enum
(class_declaration (enum_class_body) @body) @unit.class
(class_declaration (class_body) @body) @unit.class
(object_declaration name: (identifier) @name (class_body)? @body) @unit.class
(companion_object name: (identifier) @name) @scope.class
(enum_entry (identifier) @name (class_body)) @scope.class
(object_literal (class_body (function_declaration) @unit.method))

(function_declaration name: (identifier) @name (function_body) @body) @unit.function
; fun String.shorten() counts as String's.
(function_declaration
  [(user_type) @container (nullable_type (user_type) @container)]
  .
  name: (identifier) @name
  (function_body)) @unit.function
(secondary_constructor "constructor" @name (block)? @body) @unit.constructor
(anonymous_initializer (block) @body (#set! name "init")) @unit.constructor

(property_declaration
  (variable_declaration (identifier) @name)
  (getter (function_body)) @body) @unit.function
(property_declaration
  (variable_declaration (identifier) @name)
  (setter (function_body))) @unit.function
(property_declaration
  [(user_type) @container (nullable_type (user_type) @container)]
  .
  (variable_declaration (identifier) @name)
  [(getter (function_body)) (setter (function_body))]) @unit.function
(property_declaration
  (variable_declaration (identifier) @name)
  [(lambda_literal) (anonymous_function)] @body) @unit.function
(property_declaration
  (variable_declaration (identifier) @name)
  (property_delegate
    (call_expression (annotated_lambda))) @body) @unit.function

; Names of the file.
(source_file (property_declaration (variable_declaration . (identifier) @defines)))
(source_file (type_alias type: (identifier) @defines))
