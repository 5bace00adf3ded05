; Julia. The head of a function is a call that may be wrapped in a return type and in where clauses, and what is called
; may be a name, an operator, a path, a type with parameters or a value of a type; hence the repetition.

(module_definition name: (_) @name) @scope
(struct_definition (type_head [
  (identifier) @name
  (parametrized_type_expression . (identifier) @name)
  (binary_expression . [(identifier) @name (parametrized_type_expression . (identifier) @name)])
]) @head) @unit.struct
(abstract_definition (type_head [
  (identifier) @name
  (parametrized_type_expression . (identifier) @name)
  (binary_expression . [(identifier) @name (parametrized_type_expression . (identifier) @name)])
])) @unit.interface

(function_definition (signature (identifier) @name) @head) @unit.function
(function_definition
  (signature (call_expression . [
    [(identifier) (operator)] @name
    (field_expression value: (_) @container (identifier) @name .)
    (field_expression
      value: (_) @container
      (quote_expression [(operator) @name (parenthesized_expression (operator) @name)]) .)
    (parametrized_type_expression . [(identifier) @name (field_expression (identifier) @name .)])
    (parenthesized_expression (typed_expression (_) @name .))
  ])) @head) @unit.function
(function_definition
  (signature (_ . (call_expression . [
    [(identifier) (operator)] @name
    (field_expression value: (_) @container (identifier) @name .)
    (field_expression
      value: (_) @container
      (quote_expression [(operator) @name (parenthesized_expression (operator) @name)]) .)
    (parametrized_type_expression . [(identifier) @name (field_expression (identifier) @name .)])
    (parenthesized_expression (typed_expression (_) @name .))
  ]))) @head) @unit.function
(function_definition
  (signature (_ . (_ . (call_expression . [
    [(identifier) (operator)] @name
    (field_expression value: (_) @container (identifier) @name .)
    (field_expression
      value: (_) @container
      (quote_expression [(operator) @name (parenthesized_expression (operator) @name)]) .)
    (parametrized_type_expression . [(identifier) @name (field_expression (identifier) @name .)])
    (parenthesized_expression (typed_expression (_) @name .))
  ])))) @head) @unit.function
(macro_definition (signature (call_expression . [(identifier) (operator)] @name)) @head) @unit.function

(assignment
  . (call_expression . [
    [(identifier) (operator)] @name
    (field_expression value: (_) @container (identifier) @name .)
    (field_expression
      value: (_) @container
      (quote_expression [(operator) @name (parenthesized_expression (operator) @name)]) .)
    (parametrized_type_expression . [(identifier) @name (field_expression (identifier) @name .)])
    (parenthesized_expression (typed_expression (_) @name .))
  ])
  . (operator) @body) @unit.function
(assignment
  . (typed_expression . (call_expression . [
    [(identifier) (operator)] @name
    (field_expression value: (_) @container (identifier) @name .)
    (field_expression
      value: (_) @container
      (quote_expression [(operator) @name (parenthesized_expression (operator) @name)]) .)
    (parametrized_type_expression . [(identifier) @name (field_expression (identifier) @name .)])
    (parenthesized_expression (typed_expression (_) @name .))
  ]))
  . (operator) @body) @unit.function
(assignment
  . (where_expression . (call_expression . [
    [(identifier) (operator)] @name
    (field_expression value: (_) @container (identifier) @name .)
    (field_expression
      value: (_) @container
      (quote_expression [(operator) @name (parenthesized_expression (operator) @name)]) .)
    (parametrized_type_expression . [(identifier) @name (field_expression (identifier) @name .)])
    (parenthesized_expression (typed_expression (_) @name .))
  ]))
  . (operator) @body) @unit.function
(assignment
  . (where_expression . (typed_expression . (call_expression . [
    [(identifier) (operator)] @name
    (field_expression value: (_) @container (identifier) @name .)
    (field_expression
      value: (_) @container
      (quote_expression [(operator) @name (parenthesized_expression (operator) @name)]) .)
    (parametrized_type_expression . [(identifier) @name (field_expression (identifier) @name .)])
    (parenthesized_expression (typed_expression (_) @name .))
  ])))
  . (operator) @body) @unit.function
(assignment
  . (identifier) @name
  . (operator)
  . [(arrow_function_expression) (function_definition)] @body) @unit.function

(const_statement (assignment) @unit.function) @outer
(global_statement [(function_definition) (assignment)] @unit.function) @outer
(macrocall_expression
  (macro_argument_list [(function_definition) (macro_definition) (assignment)] @unit.function .)) @outer
(macrocall_expression (macro_argument_list
  (macrocall_expression (macro_argument_list [(function_definition) (assignment)] @unit.function .)) .)) @outer
(macrocall_expression (macro_argument_list (struct_definition) @unit.struct .)) @outer

; A string above is the documentation, also of what a macro wraps.
((string_literal) @doc @above . [(function_definition) (macro_definition) (assignment)] @unit.function)
((string_literal) @doc @above . (struct_definition) @unit.struct)
((string_literal) @doc @above . (abstract_definition) @unit.interface)
((string_literal) @doc @above . (const_statement (assignment) @unit.function))
((string_literal) @doc @above
  . (macrocall_expression
      (macro_argument_list [(function_definition) (macro_definition) (assignment)] @unit.function .)))
((string_literal) @doc @above
  . (macrocall_expression (macro_argument_list
      (macrocall_expression (macro_argument_list [(function_definition) (assignment)] @unit.function .)) .)))
((string_literal) @doc @above . (macrocall_expression (macro_argument_list (struct_definition) @unit.struct .)))
(macro_argument_list (string_literal) @doc . [(function_definition) (assignment)] @unit.function .)

; @testset "adds" begin … end
((macrocall_expression
    (macro_identifier (identifier) @_macro)
    (macro_argument_list . (string_literal) @name [(compound_statement) (for_statement)] @body .)) @unit.function
  (#eq? @_macro "testset"))
(source_file . (string_literal) @module.doc . (module_definition))

; Names of the file.
(const_statement (assignment . (identifier) @defines))
(source_file (assignment . (identifier) @defines))
