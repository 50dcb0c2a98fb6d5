<?php
// Sends a picture: small or large as anybody sees it; as it came only to whoever looks after the wall, and never to be shown.
declare(strict_types=1);
require __DIR__ . '/wall.php';
require __DIR__ . '/pictures.php';

$picture = picture(given($_GET, 'id'));
$size = given($_GET, 'size');
$is_original = $size === 'original' && word() !== '';
if ($picture === null || !($is_original || isset(SIZES[$size]))) {
    http_response_code(404);
    exit('There is no such picture.');
}
session_write_close();
$path = $is_original ? original($picture) : shown($picture, $size);
if ($path === '' || !is_file($path)) {
    http_response_code(404);
    exit('There is no such picture.');
}
if ($is_original) {
    $name = rawurlencode($picture['name'] === '' ? "{$picture['id']}.{$picture['kind']}" : $picture['name']);
    header("Content-Disposition: attachment; filename*=UTF-8''$name");
    header('Cache-Control: private, no-store');
    header('Content-Type: application/octet-stream');
} else {
    header('Cache-Control: public, max-age=3600');
    header('Content-Type: image/jpeg');
}
header('Content-Length: ' . filesize($path));
readfile($path);
