<?php
declare(strict_types=1);
require __DIR__ . '/cache.php';

$settings = settings();
$title = (string) $settings['title'];
$days = days((int) $settings['days']);
$asked = is_string($_GET['day'] ?? null) ? $_GET['day'] : '';
$day = in_array($asked, $days, true) ? $asked : ($days[0] ?? '');
$one = is_string($_GET['test'] ?? null) && $day !== '' ? test_of($day, $_GET['test']) : null;
$tests = $day === '' ? [] : array_values(array_filter(array_map(fn ($name) => test_of($day, $name), tests($day))));
$counts = array_count_values(array_column($tests, 'result')) + array_fill_keys(RESULTS, 0);

if (($asked !== '' && $asked !== $day) || (isset($_GET['test']) && $one === null)) {
    http_response_code(404);
}
header('Content-Type: text/html; charset=utf-8');
header('Cache-Control: no-cache');
?>
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title><?= e($title) ?></title>
<link rel="stylesheet" href="/board.css">
</head>
<body>
<header>
  <p class="mark" aria-hidden="true">✓</p>
  <h1><a href="/"><?= e($title) ?></a></h1>
</header>
<main>
<?php if ($day === ''): ?>
  <section class="empty">
    <h2>No results yet</h2>
    <p>The first ones appear here as soon as their content has arrived.</p>
  </section>
<?php elseif ($one !== null): ?>
  <p class="back"><a href="/?day=<?= e($day) ?>">← All tests of <?= e($day) ?></a></p>
  <article class="test">
    <h2><?= e(words($one['name'])) ?></h2>
    <p><span class="result <?= e($one['result']) ?>"><?= e($one['result']) ?></span></p>
    <dl>
      <div><dt>Day</dt><dd><time datetime="<?= e($day) ?>"><?= e($day) ?></time> <?= e($one['time']) ?></dd></div>
      <div><dt>System</dt><dd><?= e($one['system']) ?></dd></div>
      <div><dt>Took</dt><dd><?= e($one['took']) ?> s</dd></div>
    </dl>
    <h3>Log</h3>
    <pre tabindex="0"><?= e($one['log']) ?></pre>
  </article>
<?php else: ?>
  <section aria-labelledby="day">
    <h2 id="day"><?= $day === $days[0] ? 'Newest: ' : '' ?><time datetime="<?= e($day) ?>"><?= e($day) ?></time></h2>
    <ul class="counts">
<?php foreach (RESULTS as $result): ?>
      <li class="<?= $result ?>"><strong><?= $counts[$result] ?></strong> <?= $result ?></li>
<?php endforeach ?>
    </ul>
    <ul class="tests">
<?php foreach ($tests as $test): ?>
      <li>
        <a href="/?day=<?= e($day) ?>&amp;test=<?= e($test['name']) ?>"><?= e(words($test['name'])) ?></a>
        <span class="more"><?= e($test['system']) ?> · <?= e($test['took']) ?> s · <?= e($test['time']) ?></span>
        <span class="result <?= e($test['result']) ?>"><?= e($test['result']) ?></span>
      </li>
<?php endforeach ?>
    </ul>
  </section>
  <nav aria-label="Days">
    <h2>Days</h2>
    <ul class="days">
<?php foreach ($days as $other): ?>
      <li><a href="/?day=<?= e($other) ?>"<?= $other === $day ? ' aria-current="page"' : '' ?>><?= e($other) ?></a></li>
<?php endforeach ?>
    </ul>
  </nav>
<?php endif ?>
</main>
<footer>Results board · looks for new content by itself</footer>
</body>
</html>
