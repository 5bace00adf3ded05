; Bash and its relatives: name() { … }, function name { … }, name() ( … ).

(function_definition name: (word) @name) @unit.function
(redirected_statement body: (function_definition) @unit.function) @outer

; Names of the script.
(program (variable_assignment name: (variable_name) @defines))
(program (declaration_command (variable_assignment name: (variable_name) @defines)))
