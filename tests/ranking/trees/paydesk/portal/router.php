<?php

namespace Portal;

class Router
{
    private array $routes = [];

    public function get(string $pattern, callable $handler): void
    {
        $this->add('GET', $pattern, $handler);
    }

    public function post(string $pattern, callable $handler): void
    {
        $this->add('POST', $pattern, $handler);
    }

    private function add(string $method, string $pattern, callable $handler): void
    {
        $regex = '#^' . preg_replace('/\{(\w+)\}/', '(?<$1>[^/]+)', $pattern) . '$#';
        $this->routes[$method][] = [$regex, $handler];
    }

    public function dispatch(string $method, string $path): string
    {
        foreach ($this->routes[$method] ?? [] as [$regex, $handler]) {
            if (preg_match($regex, $path, $found)) {
                return $handler(...array_filter($found, 'is_string', ARRAY_FILTER_USE_KEY));
            }
        }
        http_response_code(404);
        return 'there is no such page';
    }
}

/** A hidden field that proves that a form came from our own page. */
function csrfField(): string
{
    $_SESSION['csrf'] ??= bin2hex(random_bytes(16));
    return '<input type="hidden" name="csrf" value="' . $_SESSION['csrf'] . '">';
}

function guardForm(array $post): void
{
    if (!hash_equals($_SESSION['csrf'] ?? '', $post['csrf'] ?? '')) {
        throw new \RuntimeException('the form is too old; load the page again');
    }
}
