; Lua. Functions get names by their declaration, by assignment, or as a field of a table.

(function_declaration name: (_) @name parameters: (_) @head) @unit.function
(function_declaration name: (method_index_expression)) @unit.method

(assignment_statement
  (variable_list . name: [(identifier) (dot_index_expression)] @name . attribute: (_)? .)
  (expression_list . value: (function_definition body: (_)? @body) .)) @unit.function
(assignment_statement
  (variable_list . name: (bracket_index_expression
    table: (_) @container
    field: (string content: (string_content) @name)) .)
  (expression_list . value: (function_definition body: (_)? @body) .)) @unit.function
(variable_declaration
  (assignment_statement
    (variable_list . name: (_) . attribute: (_)? .)
    (expression_list . value: (function_definition) .)) @unit.function) @outer

(field
  name: [(identifier) @name (string content: (string_content) @name)]
  value: (function_definition body: (_)? @body)) @unit.function

; Tables lend their name to the functions in them.
(assignment_statement
  (variable_list . name: [(identifier) (dot_index_expression)] @name .)
  (expression_list . value: (table_constructor) .)) @scope
(field name: (identifier) @name value: (table_constructor)) @scope

; Names of the chunk; what is only imported is none.
((chunk [
  (assignment_statement
    (variable_list name: [(identifier) @defines (dot_index_expression field: (_) @defines)])
    (expression_list) @_value)
  (variable_declaration
    (assignment_statement (variable_list name: (identifier) @defines) (expression_list) @_value))
])
  (#not-match? @_value "^require[ (\"']"))
