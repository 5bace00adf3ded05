; Bash and its relatives: name() { … }, function name { … }, name() ( … ).

(function_definition name: (word) @name) @unit.function
(redirected_statement body: (function_definition) @unit.function) @outer
