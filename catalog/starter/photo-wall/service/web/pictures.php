<?php
// The pictures: each as it came, beside it a line about it, and elsewhere what visitors see. Names of files are ours alone.
declare(strict_types=1);

const KEPT = '/var/lib/photo-wall/pictures';
const SHOWN = '/var/cache/photo-wall';
const LOCK = '/var/lib/photo-wall/lock';
const AN_ID = '/^[0-9]{16}-[0-9a-f]{16}$/D';
const KINDS = [IMAGETYPE_JPEG => 'jpg', IMAGETYPE_PNG => 'png', IMAGETYPE_GIF => 'gif', IMAGETYPE_WEBP => 'webp'];
const SIZES = ['small' => 480, 'large' => 1600];
const MOST_PIXELS = 30_000_000;
const MOST_BYTES = 2 << 30;
const MOST_PICTURES = 10_000;

/** Ids, the newest first. */
function ids(): array
{
    $ids = array_map(fn ($path) => basename($path, '.json'), glob(KEPT . '/*.json') ?: []);
    $ids = array_values(array_filter($ids, fn ($id) => preg_match(AN_ID, $id) === 1));
    rsort($ids);
    return $ids;
}

/** What is known of a picture: name, line, kind. Null if there is none of this id. */
function picture(string $id): ?array
{
    $path = KEPT . "/$id.json";
    $told = preg_match(AN_ID, $id) && is_file($path) ? json_decode((string) file_get_contents($path), true) : null;
    return is_array($told) && in_array($told['kind'] ?? '', KINDS, true) ? ['id' => $id] + $told : null;
}

/** Where a picture lies as it came. */
function original(array $picture): string
{
    return KEPT . "/{$picture['id']}.{$picture['kind']}";
}

/** Keep one upload. Returns why not; empty if it is on the wall. */
function put_up(string $sent, string $name, string $line): string
{
    $size = @getimagesize($sent);
    $kind = KINDS[$size[2] ?? 0] ?? '';
    if ($kind === '') {
        return 'it is no JPEG, PNG, GIF or WebP picture';
    }
    if ($size[0] < 1 || $size[1] < 1 || $size[0] * $size[1] > MOST_PIXELS) {
        return 'it has more than 30 megapixels';
    }
    $lock = locked(LOCK_EX);
    if (count(ids()) >= MOST_PICTURES || taken() + filesize($sent) > MOST_BYTES) {
        return 'the wall is full';
    }
    $picture = ['id' => sprintf('%016d-%s', (int) (microtime(true) * 1e6), bin2hex(random_bytes(8))), 'kind' => $kind];
    $picture += ['name' => short($name, 200), 'line' => short($line, 200)];
    if (!make_shown($sent, $picture)) {
        return 'it is damaged';
    }
    return keep($sent, $picture) ? '' : 'it could not be kept';
}

/** The picture first, then the line that makes it one of the wall's: who is cut off between leaves nothing to see. */
function keep(string $sent, array $picture): bool
{
    $about = json_encode($picture + ['at' => time()], JSON_UNESCAPED_UNICODE | JSON_INVALID_UTF8_SUBSTITUTE);
    $path = KEPT . "/{$picture['id']}.json";
    return move_uploaded_file($sent, original($picture) . '.part')
        && rename(original($picture) . '.part', original($picture))
        && file_put_contents("$path.part", $about) === strlen((string) $about)
        && rename("$path.part", $path);
}

/** The line first: a picture without one is not on the wall. */
function take_down(array $picture): void
{
    $lock = locked(LOCK_EX);
    @unlink(KEPT . "/{$picture['id']}.json");
    @unlink(original($picture));
    foreach (SIZES as $size => $_) {
        @unlink(SHOWN . "/{$picture['id']}.$size.jpg");
    }
}

/** The file that visitors see; made anew where it is missing. Empty if it cannot be made. */
function shown(array $picture, string $size): string
{
    $path = SHOWN . "/{$picture['id']}.$size.jpg";
    if (is_file($path)) {
        return $path;
    }
    $lock = locked(LOCK_EX);
    return is_file($path) || make_shown(original($picture), $picture) ? $path : '';
}

/** Decode once, turn as the camera says, write smaller ones: nothing but pixels is left of what was sent. One at a time. */
function make_shown(string $source, array $picture): bool
{
    $image = decoded($source, $picture['kind']);
    foreach (array_reverse(SIZES, true) as $size => $longest) {
        if ($image === null) {
            return false;
        }
        $image = fitted($image, $longest);
        $turn = $size === array_key_last(SIZES) ? [3 => 180, 6 => 270, 8 => 90][turned($source, $picture['kind'])] ?? 0 : 0;
        $image = $turn ? imagerotate($image, $turn, 0) : $image;
        $path = SHOWN . "/{$picture['id']}.$size.jpg";
        if (!imagejpeg($image, "$path.part", 82) || !rename("$path.part", $path)) {
            return false;
        }
    }
    return true;
}

function decoded(string $source, string $kind): ?GdImage
{
    $image = match ($kind) {
        'jpg' => @imagecreatefromjpeg($source),
        'png' => @imagecreatefrompng($source),
        'gif' => @imagecreatefromgif($source),
        'webp' => @imagecreatefromwebp($source),
    };
    return $image ?: null;
}

/** On white, no side longer than this. */
function fitted(GdImage $image, int $longest): GdImage
{
    [$wide, $high] = [imagesx($image), imagesy($image)];
    $share = min(1, $longest / max($wide, $high));
    [$to_wide, $to_high] = [max(1, (int) round($wide * $share)), max(1, (int) round($high * $share))];
    $fitted = imagecreatetruecolor($to_wide, $to_high);
    imagefill($fitted, 0, 0, 0xffffff);
    imagecopyresampled($fitted, $image, 0, 0, 0, 0, $to_wide, $to_high, $wide, $high);
    return $fitted;
}

/** How the camera was held: what EXIF calls orientation. */
function turned(string $source, string $kind): int
{
    $told = $kind === 'jpg' && function_exists('exif_read_data') ? @exif_read_data($source) : [];
    return is_int($told['Orientation'] ?? null) ? $told['Orientation'] : 1;
}

/** Held until the page is done: decoding needs much memory, and a copy waits for what is under way. */
function locked(int $how): mixed
{
    static $lock;
    $lock ??= fopen(LOCK, 'c');
    flock($lock, $how);
    return $lock;
}

/** Bytes of all pictures as they came. */
function taken(): int
{
    return array_sum(array_map(fn ($path) => (int) @filesize($path), glob(KEPT . '/*') ?: []));
}

/** Text on one line, at most so many letters, without what cannot be seen. */
function short(string $text, int $most): string
{
    $whole = htmlspecialchars_decode(htmlspecialchars($text, ENT_SUBSTITUTE | ENT_NOQUOTES, 'UTF-8'), ENT_NOQUOTES);
    $plain = trim((string) preg_replace('/[\p{Cc}\s]+/u', ' ', $whole));
    return (string) preg_replace('/^(.{0,' . $most . '}).*$/us', '$1', $plain);
}
