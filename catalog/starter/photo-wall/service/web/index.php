<?php
declare(strict_types=1);
require __DIR__ . '/wall.php';
require __DIR__ . '/pictures.php';
require __DIR__ . '/pages.php';

const A_PAGE = 60;

header('Content-Type: text/html; charset=utf-8');
header('Cache-Control: no-cache');

if ($_SERVER['REQUEST_METHOD'] === 'POST') {
    if (!is_from_here()) {
        http_response_code(403);
        exit('This was sent by another site. Nothing was changed.');
    }
    match (given($_GET, 'do')) {
        'put-up' => receive(),
        'come-in' => come_in(),
        'leave' => leave(),
        'take-down' => remove(given($_POST, 'id')),
        default => go('/'),
    };
} elseif (isset($_GET['look-after'])) {
    page('Look after the wall', fn () => sign_in_page(''));
} elseif (isset($_GET['picture'])) {
    one(given($_GET, 'picture'));
} else {
    wall([]);
}

/** The wall, and what became of uploads that did not get there. */
function wall(array $refused): void
{
    $ids = ids();
    $pages = max(1, (int) ceil(count($ids) / A_PAGE));
    $page = min($pages, max(1, (int) given($_GET, 'page')));
    $pictures = array_values(array_filter(array_map('picture', array_slice($ids, ($page - 1) * A_PAGE, A_PAGE))));
    page('', fn () => wall_page($pictures, count($ids), $page, $pages, $refused, (int) given($_GET, 'up')));
}

function one(string $id): void
{
    $picture = picture($id);
    if ($picture === null) {
        http_response_code(404);
        page('No such picture', fn () => missing_page());
        return;
    }
    $ids = ids();
    $at = (int) array_search($id, $ids, true);
    page($picture['line'], fn () => picture_page($picture, $ids[$at - 1] ?? '', $ids[$at + 1] ?? '', word()));
}

function receive(): void
{
    $refused = [];
    $sent = uploads();
    foreach ($sent as $upload) {
        $why = $upload['arrived'] ? put_up($upload['file'], $upload['name'], given($_POST, 'line')) : 'it is larger than 20 MB';
        if ($why !== '') {
            $refused[] = ['name' => $upload['name'], 'why' => $why];
        }
    }
    if ($sent === []) {
        $refused[] = ['name' => '', 'why' => 'no picture was chosen, or more than 64 MB at once'];
    }
    if ($refused === []) {
        go('/?up=' . count($sent));
    }
    http_response_code(422);
    wall($refused);
}

function come_in(): void
{
    if (let_in(given($_POST, 'name'), given($_POST, 'password'))) {
        go('/');
    }
    http_response_code(403);
    page('Look after the wall', fn () => sign_in_page('Name or password is not right.'));
}

function leave(): void
{
    if (is_trusted()) {
        $_SESSION = [];
        session_destroy();
    }
    go('/');
}

function remove(string $id): void
{
    $picture = picture($id);
    if (!is_trusted()) {
        http_response_code(403);
        page('Look after the wall', fn () => sign_in_page('Sign in to take pictures down.'));
        return;
    }
    if ($picture !== null) {
        take_down($picture);
    }
    go('/');
}
