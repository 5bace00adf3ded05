<?php
namespace Web {
    /** Escapes text for a page. */
    function e(string $text): string
    {
        return htmlspecialchars($text, ENT_QUOTES);
    }
}

namespace {
    $title = 'Welcome';
    if (!function_exists('asset')) {
        function asset($path)
        {
            return '/static/' . $path;
        }
    }
?>
<html>
  <body class="page">
    <h1><?= \Web\e($title) ?></h1>
    <?php foreach ([1, 2] as $n): ?>
      <p><?php echo $n; ?></p>
    <?php endforeach; ?>
  </body>
</html>
<?php
    function footer()
    {
        echo <<<HTML
        <footer>function fake() {}</footer>
        HTML;
    }
}
