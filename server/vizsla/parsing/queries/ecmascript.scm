; What JavaScript and TypeScript have in common, with their dialects. The captures are described in units.py.

; Declarations.
(function_declaration name: (_) @name body: (_) @body) @unit.function
(generator_function_declaration name: (_) @name body: (_) @body) @unit.function
(export_statement declaration: [(function_declaration) (generator_function_declaration)] @unit.function) @outer
(class_declaration name: (_) @name body: (_) @body) @unit.class
(export_statement declaration: (class_declaration) @unit.class) @outer

; export default () => ..., export default class {}
((export_statement value: [(function_expression) (generator_function) (arrow_function)] @unit.function) @outer
  (#set! name "default"))
((export_statement value: (class) @unit.class) @outer
  (#set! name "default"))

; const f = () => {}, let g = function () {}, var C = class {}
(variable_declarator
  name: (identifier) @name
  value: [
    (function_expression body: (_) @body)
    (generator_function body: (_) @body)
    (arrow_function body: (_) @body)
  ]) @unit.function
(variable_declarator
  name: (identifier) @name
  value: (class body: (_) @body)) @unit.class
([(lexical_declaration
    (variable_declarator
      value: [(function_expression) (generator_function) (arrow_function)]) @unit.function)
  (variable_declaration
    (variable_declarator
      value: [(function_expression) (generator_function) (arrow_function)]) @unit.function)] @outer)
(export_statement
  declaration: (lexical_declaration
    (variable_declarator
      value: [(function_expression) (generator_function) (arrow_function)]) @unit.function)) @outer
([(lexical_declaration (variable_declarator value: (class)) @unit.class)
  (variable_declaration (variable_declarator value: (class)) @unit.class)] @outer)
(export_statement
  declaration: (lexical_declaration (variable_declarator value: (class)) @unit.class)) @outer

; const Button = React.memo((props) => ...): a function in a well-known wrapper keeps its name.
((variable_declarator
  name: (identifier) @name
  value: (call_expression
    function: [(identifier) @_wrapper (member_expression property: (_) @_wrapper)]
    arguments: (arguments . [(function_expression body: (_) @body) (arrow_function body: (_) @body)]))) @unit.function
  (#match? @_wrapper "^(memo|memoize|forwardRef|useCallback|debounce|throttle|observer|once|curry|asyncHandler|promisify|action|thunk|cache)$"))
((lexical_declaration
  (variable_declarator
    value: (call_expression
      function: [(identifier) @_wrapper (member_expression property: (_) @_wrapper)]
      arguments: (arguments . [(function_expression) (arrow_function)]))) @unit.function) @outer
  (#match? @_wrapper "^(memo|memoize|forwardRef|useCallback|debounce|throttle|observer|once|curry|asyncHandler|promisify|action|thunk|cache)$"))
((export_statement
  declaration: (lexical_declaration
  (variable_declarator
    value: (call_expression
      function: [(identifier) @_wrapper (member_expression property: (_) @_wrapper)]
      arguments: (arguments . [(function_expression) (arrow_function)]))) @unit.function)) @outer
  (#match? @_wrapper "^(memo|memoize|forwardRef|useCallback|debounce|throttle|observer|once|curry|asyncHandler|promisify|action|thunk|cache)$"))

; name = function () {}
(assignment_expression
  left: (identifier) @name
  right: [
    (function_expression body: (_) @body)
    (generator_function body: (_) @body)
    (arrow_function body: (_) @body)
  ]) @unit.function
; exports.name = ..., module.exports.name = ..., this.name = ...
((assignment_expression
  left: (member_expression object: (_) @_object property: (_) @name)
  right: [
    (function_expression body: (_) @body)
    (generator_function body: (_) @body)
    (arrow_function body: (_) @body)
  ]) @unit.function
  (#match? @_object "^(exports|module\\.exports|this|self|that|window|global|globalThis)$")
  (#not-eq? @name "exports"))
; module.exports = function () {}
((assignment_expression
  left: (member_expression object: (identifier) @_object property: (_) @_property)
  right: [
    (function_expression body: (_) @body)
    (generator_function body: (_) @body)
    (arrow_function body: (_) @body)
  ]) @unit.function
  (#eq? @_object "module")
  (#eq? @_property "exports")
  (#set! name "exports"))
; Type.prototype.name = ...
((assignment_expression
  left: (member_expression
    object: (member_expression object: (_) @container property: (_) @_prototype)
    property: (_) @name)
  right: [
    (function_expression body: (_) @body)
    (generator_function body: (_) @body)
    (arrow_function body: (_) @body)
  ]) @unit.method
  (#eq? @_prototype "prototype"))
; object.name = ...
((assignment_expression
  left: (member_expression object: (_) @container property: (_) @name)
  right: [
    (function_expression body: (_) @body)
    (generator_function body: (_) @body)
    (arrow_function body: (_) @body)
  ]) @unit.function
  (#not-match? @container "^(exports|module\\.exports|module|this|self|that|window|global|globalThis)$|\\.prototype$"))
(expression_statement
  (assignment_expression
    right: [(function_expression) (generator_function) (arrow_function)]) @unit.function) @outer
; const a = exports.a = function () {}, exports.a = exports.b = function () {}
(lexical_declaration
  (variable_declarator
    value: (assignment_expression
      right: [(function_expression) (generator_function) (arrow_function)]) @unit.function)) @outer
(variable_declaration
  (variable_declarator
    value: (assignment_expression
      right: [(function_expression) (generator_function) (arrow_function)]) @unit.function)) @outer
(expression_statement
  (assignment_expression
    right: (assignment_expression
      right: [(function_expression) (generator_function) (arrow_function)]) @unit.function)) @outer
((assignment_expression
  left: [(identifier) @name (member_expression property: (_) @name)]
  right: (class body: (_) @body)) @unit.class)
(expression_statement (assignment_expression right: (class)) @unit.class) @outer

; Object literals lend their name to what is inside.
(variable_declarator name: (identifier) @name value: (object)) @scope.class
((assignment_expression left: (identifier) @name right: (object)) @scope.class)
((assignment_expression left: (member_expression property: (_) @name) right: (object)) @scope.class
  (#not-match? @name "^(exports|prototype)$"))
((assignment_expression
  left: (member_expression object: (_) @name property: (_) @_prototype) right: (object)) @scope.class
  (#eq? @_prototype "prototype"))
(pair key: (_) @name value: (object)) @scope.class
(object (method_definition name: (_) @name body: (_) @body) @unit.method)
(pair
  key: (_) @name
  value: [
    (function_expression body: (_) @body)
    (generator_function body: (_) @body)
    (arrow_function body: (_) @body)
  ]) @unit.method

; Classes.
(class_body (method_definition name: (_) @name body: (_) @body) @unit.method)

; Names of the module; what is only imported is none.
((program [
  (lexical_declaration (variable_declarator name: (identifier) @defines value: (_) @_value))
  (variable_declaration (variable_declarator name: (identifier) @defines value: (_) @_value))
])
  (#not-match? @_value "^(await )?require\\("))
(program (export_statement
  declaration: (lexical_declaration (variable_declarator name: (identifier) @defines))))
(program (export_statement (export_clause (export_specifier name: (identifier) @defines !alias))))
(program (export_statement (export_clause (export_specifier alias: (identifier) @defines))))
(program (expression_statement
  (assignment_expression left: (member_expression property: (property_identifier) @defines))))
