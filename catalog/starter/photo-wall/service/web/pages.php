<?php
// The pages as people see them.
declare(strict_types=1);

function page(string $heading, callable $body): void
{
    $title = (string) settings()['title'];
    $word = word();
    ?>
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title><?= e($heading === '' ? $title : "$heading – $title") ?></title>
<link rel="stylesheet" href="/wall.css">
</head>
<body>
<header>
  <h1><a href="/"><?= e($title) ?></a></h1>
</header>
<main>
<?php $body() ?>
</main>
<footer>
<?php if ($word === ''): ?>
  <a href="/?look-after">Look after the wall</a>
<?php else: ?>
  <form method="post" action="/?do=leave"><input type="hidden" name="word" value="<?= e($word) ?>">
    <button class="quiet">Sign out</button></form>
<?php endif ?>
</footer>
</body>
</html>
    <?php
}

function wall_page(array $pictures, int $count, int $page, int $pages, array $refused, int $up): void
{
    ?>
  <form class="put" method="post" action="/?do=put-up" enctype="multipart/form-data">
    <label for="pictures">Your pictures <small>up to 20 at once, 20 MB each</small></label>
    <input id="pictures" type="file" name="pictures[]" multiple required accept="image/jpeg,image/png,image/gif,image/webp">
    <label for="line">A line below them <small>if you like</small></label>
    <input id="line" type="text" name="line" maxlength="200" autocomplete="off">
    <button>Put up pictures</button>
    <p class="hint">Everybody who has this address sees them. Put up only what the people in it would be glad to see here.</p>
  </form>
<?php if ($refused !== []): ?>
  <div class="refused" role="alert">
    <p>Not put up:</p>
    <ul>
<?php foreach ($refused as $one): ?>
      <li><bdi><?= e(short($one['name'], 80)) ?></bdi> <?= e($one['why']) ?></li>
<?php endforeach ?>
    </ul>
  </div>
<?php elseif ($up > 0): ?>
  <p class="up" role="status"><?= $up === 1 ? 'Your picture is up.' : e("Your $up pictures are up.") ?></p>
<?php endif ?>
<?php if ($pictures === []): ?>
  <p class="empty">No pictures yet. The first one is yours.</p>
<?php else: ?>
  <ul class="wall" aria-label="<?= $count ?> pictures">
<?php foreach ($pictures as $number => $picture): ?>
    <li><a href="/?picture=<?= e($picture['id']) ?>">
      <img src="/picture.php?id=<?= e($picture['id']) ?>&amp;size=small" alt="<?= e(told($picture)) ?>"<?= $number > 7 ? ' loading="lazy"' : '' ?>>
<?php if ($picture['line'] !== ''): ?>
      <span><bdi><?= e($picture['line']) ?></bdi></span>
<?php endif ?>
    </a></li>
<?php endforeach ?>
  </ul>
<?php endif ?>
<?php if ($pages > 1): ?>
  <nav aria-label="Pages">
<?php if ($page > 1): ?>
    <a href="/?page=<?= $page - 1 ?>" rel="prev">Newer</a>
<?php endif ?>
    <span>Page <?= $page ?> of <?= $pages ?></span>
<?php if ($page < $pages): ?>
    <a href="/?page=<?= $page + 1 ?>" rel="next">Older</a>
<?php endif ?>
  </nav>
<?php endif ?>
    <?php
}

/** What somebody who does not see it is told. */
function told(array $picture): string
{
    return $picture['line'] !== '' ? $picture['line'] : "Picture {$picture['name']}";
}

function picture_page(array $picture, string $newer, string $older, string $word): void
{
    ?>
  <figure>
    <img src="/picture.php?id=<?= e($picture['id']) ?>&amp;size=large" alt="<?= e(told($picture)) ?>">
<?php if ($picture['line'] !== ''): ?>
    <figcaption><bdi><?= e($picture['line']) ?></bdi></figcaption>
<?php endif ?>
  </figure>
  <nav aria-label="Pictures">
<?php if ($newer !== ''): ?>
    <a href="/?picture=<?= e($newer) ?>" rel="prev">Newer</a>
<?php endif ?>
    <a href="/">All pictures</a>
<?php if ($older !== ''): ?>
    <a href="/?picture=<?= e($older) ?>" rel="next">Older</a>
<?php endif ?>
  </nav>
<?php if ($word !== ''): ?>
  <form class="after" method="post" action="/?do=take-down">
    <p><a href="/picture.php?id=<?= e($picture['id']) ?>&amp;size=original">As it came: <bdi><?= e($picture['name']) ?></bdi></a></p>
    <input type="hidden" name="word" value="<?= e($word) ?>">
    <input type="hidden" name="id" value="<?= e($picture['id']) ?>">
    <button class="quiet">Take it down</button>
    <p class="hint">It is gone then, also as it came.</p>
  </form>
<?php endif ?>
    <?php
}

function sign_in_page(string $why): void
{
    ?>
  <form class="put" method="post" action="/?do=come-in">
    <h2>Look after the wall</h2>
    <p class="hint">For whoever may take pictures down. Looking, and putting up pictures, needs no account.</p>
<?php if ($why !== ''): ?>
    <p class="refused" role="alert"><?= e($why) ?></p>
<?php endif ?>
    <label for="name">Name</label>
    <input id="name" type="text" name="name" required autocomplete="username" autocapitalize="none">
    <label for="password">Password</label>
    <input id="password" type="password" name="password" required autocomplete="current-password">
    <button>Sign in</button>
  </form>
    <?php
}

function missing_page(): void
{
    ?>
  <p class="empty">This picture is not on the wall, or not any more. <a href="/">All pictures</a></p>
    <?php
}
