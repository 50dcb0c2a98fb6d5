<?php
// What every page needs: what the wall is called, who looks after it, and text that is only ever text.
declare(strict_types=1);

/** Title, and name and hashed password of whoever looks after the wall. */
function settings(): array
{
    $kept = json_decode((string) @file_get_contents('/etc/photo-wall.json'), true);
    return (is_array($kept) ? $kept : []) + ['title' => 'Photo wall', 'admin' => '', 'password' => ''];
}

/** Text for a page. */
function e(string $text): string
{
    return htmlspecialchars($text, ENT_QUOTES | ENT_SUBSTITUTE | ENT_HTML5, 'UTF-8');
}

/** One value of the address or of a form; empty if there is none, or more than one. */
function given(array $from, string $name): string
{
    return is_string($from[$name] ?? null) ? $from[$name] : '';
}

/** Whoever looks after the wall has a word that their forms carry; everybody else has none. */
function word(): string
{
    if (isset($_COOKIE['wall']) && session_status() !== PHP_SESSION_ACTIVE) {
        session_start();
    }
    return given($_SESSION ?? [], 'word');
}

/** Let whoever knows name and password look after the wall. A wrong guess costs a second. */
function let_in(string $name, string $password): bool
{
    $settings = settings();
    $right = password_verify($password, $settings['password']);
    if (!$right || !hash_equals($settings['admin'], $name)) {
        sleep(1);
        return false;
    }
    session_start();
    session_regenerate_id(true);
    $_SESSION['word'] = bin2hex(random_bytes(16));
    return true;
}

/** Does this form come from a page of this wall, as far as the browser says? */
function is_from_here(): bool
{
    return in_array($_SERVER['HTTP_SEC_FETCH_SITE'] ?? 'same-origin', ['same-origin', 'none'], true);
}

/** Does this form come from whoever looks after the wall? */
function is_trusted(): bool
{
    return word() !== '' && hash_equals(word(), given($_POST, 'word'));
}

/** Go to another page of the wall. */
function go(string $to): never
{
    header("Location: $to", true, 303);
    exit;
}

/** The uploads of a form, one by one: name, file, whether it arrived. */
function uploads(): array
{
    $sent = $_FILES['pictures'] ?? null;
    if (!is_array($sent['name'] ?? null)) {
        return [];
    }
    $numbers = array_filter(array_keys($sent['name']), fn ($number) => $sent['error'][$number] !== UPLOAD_ERR_NO_FILE);
    return array_map(fn ($number) => [
        'name' => (string) $sent['name'][$number],
        'file' => (string) $sent['tmp_name'][$number],
        'arrived' => $sent['error'][$number] === UPLOAD_ERR_OK && is_uploaded_file((string) $sent['tmp_name'][$number]),
    ], $numbers);
}
