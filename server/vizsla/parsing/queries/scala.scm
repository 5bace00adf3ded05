; Scala 2 and 3. Functions without a body stand in the outline of their type. Functions of an extension count as those of the type that is extended.

(class_definition name: (_) @name) @unit.class
(object_definition name: (_) @name) @unit.class
(trait_definition name: (_) @name) @unit.trait
(enum_definition name: (_) @name) @unit.enum
(package_object name: (_) @name) @scope
(given_definition name: (_) @name body: (with_template_body)) @unit.class
(given_definition name: (_) @name body: (template_body)) @unit.class
(given_definition name: (_) @name body: (expression)) @unit.function
(extension_definition parameters: (parameters (parameter type: (_) @name))) @scope

(function_definition name: (_) @name) @unit.function

(val_definition
  pattern: (identifier) @name
  value: [(lambda_expression) (case_block) (block . (lambda_expression) .)] @body) @unit.function
(var_definition
  pattern: (identifier) @name
  value: [(lambda_expression) (case_block) (block . (lambda_expression) .)] @body) @unit.function
(val_definition
  (modifiers "lazy")
  pattern: (identifier) @name
  value: (block) @body) @unit.function

; Names of the file.
(compilation_unit [(val_definition pattern: (identifier) @defines) (var_definition pattern: (identifier) @defines)])
(compilation_unit (type_definition name: (type_identifier) @defines))
