(function_definition
  name: (identifier) @name
  body: (block) @body) @unit.function

(class_definition
  name: (identifier) @name
  body: (block) @body) @unit.class

(decorated_definition
  definition: (function_definition) @unit.function) @outer

(decorated_definition
  definition: (class_definition) @unit.class) @outer

(function_definition
  body: (block . (expression_statement (string) @doc))) @unit.function

(class_definition
  body: (block . (expression_statement (string) @doc))) @unit.class

(module . (comment)* . (expression_statement (string) @module.doc))

; name = lambda ...: ...
(expression_statement
  (assignment
    left: (identifier) @name
    right: (lambda body: (_) @body))) @unit.function

; Names of the module.
(module (expression_statement (assignment left: (identifier) @defines)))
(module (expression_statement (assignment left: (pattern_list (identifier) @defines))))
(module (type_alias_statement left: (type (identifier) @defines)))
