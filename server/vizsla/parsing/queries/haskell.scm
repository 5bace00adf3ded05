; Haskell. The type signature and the equations of one name are merged by the engine; where-bound functions stay
; inside their function.

(data_type name: (_) @name constructors: (data_constructors . (data_constructor) .) @body) @unit.struct
(data_type
  name: (_) @name
  constructors: (data_constructors (data_constructor) . (data_constructor)) @body) @unit.enum
(data_type name: (_) @name constructors: (gadt_constructors) @body) @unit.enum
(newtype name: (_) @name constructor: (_) @body) @unit.struct
(class name: (_) @name declarations: (class_declarations)? @body) @unit.trait

; What an instance defines is named after the type, then the class.
(instance
  name: (_) @name
  patterns: (type_patterns . [
    (name) @container
    (parens type: (apply constructor: (name) @container))
    (parens type: (apply constructor: (apply constructor: (name) @container)))
  ])?) @scope.class

(declarations (signature name: [(variable) @name (prefix_id (operator) @name)]) @unit.function)
(declarations (signature names: (binding_list . name: [(variable) @name (prefix_id (operator) @name)])) @unit.function)
(declarations (function name: [(variable) @name (prefix_id (operator) @name)] match: (match) @body) @unit.function)
(declarations (function
  (infix operator: [(operator) @name (infix_id (variable) @name)])
  match: (match) @body) @unit.function)
(declarations (bind name: [(variable) @name (prefix_id (operator) @name)] match: (match) @body) @unit.function)

(class_declarations (signature name: [(variable) @name (prefix_id (operator) @name)]) @unit.function)
(class_declarations
  (signature names: (binding_list . name: [(variable) @name (prefix_id (operator) @name)])) @unit.function)
(class_declarations
  (default_signature signature: (signature name: [(variable) @name (prefix_id (operator) @name)])) @unit.function)
(class_declarations
  (function name: [(variable) @name (prefix_id (operator) @name)] match: (match) @body) @unit.function)
(class_declarations
  (function (infix operator: [(operator) @name (infix_id (variable) @name)]) match: (match) @body) @unit.function)
(class_declarations
  (bind name: [(variable) @name (prefix_id (operator) @name)] match: (match) @body) @unit.function)

(instance_declarations (signature name: [(variable) @name (prefix_id (operator) @name)]) @unit.function)
(instance_declarations
  (function name: [(variable) @name (prefix_id (operator) @name)] match: (match) @body) @unit.function)
(instance_declarations
  (function (infix operator: [(operator) @name (infix_id (variable) @name)]) match: (match) @body) @unit.function)
(instance_declarations
  (bind name: [(variable) @name (prefix_id (operator) @name)] match: (match) @body) @unit.function)

(foreign_import signature: (signature name: (variable) @name)) @unit.function
(pattern_synonym (signature synonym: (_) @name)) @unit.function
(pattern_synonym (equation synonym: [(constructor) @name (apply function: (constructor) @name)])) @unit.function
(pattern_synonym
  (equation synonym: (apply function: (apply function: (constructor) @name)))) @unit.function

; The same at the top of a file that is broken elsewhere.
(ERROR (signature name: [(variable) @name (prefix_id (operator) @name)]) @unit.function)
(ERROR (function name: [(variable) @name (prefix_id (operator) @name)] match: (match) @body) @unit.function)
(ERROR (function
  (infix operator: [(operator) @name (infix_id (variable) @name)])
  match: (match) @body) @unit.function)
(ERROR (bind name: [(variable) @name (prefix_id (operator) @name)] match: (match) @body) @unit.function)

; Names of the module.
(type_synonym name: (name) @defines)
