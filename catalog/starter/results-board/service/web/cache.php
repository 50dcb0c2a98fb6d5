<?php
// Reads the web cache: one folder a day, one file a test. Whatever the files hold, it is text.
declare(strict_types=1);

const CACHE = __DIR__ . '/webcache';
const A_DAY = '/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/D';
const A_TEST = '/^[a-z0-9][a-z0-9._-]{0,79}$/D';
const RESULTS = ['passed', 'failed', 'skipped'];
const LONGEST = 262144;

/** The days there are, newest first. */
function days(int $most): array
{
    $days = is_dir(CACHE) ? array_filter(scandir(CACHE) ?: [], fn ($name) => preg_match(A_DAY, $name) === 1) : [];
    rsort($days);
    return array_slice($days, 0, $most);
}

/** The names of a day's tests. */
function tests(string $day): array
{
    $names = array_map(fn ($path) => basename($path, '.result'), glob(CACHE . "/$day/*.result") ?: []);
    return array_values(array_filter($names, fn ($name) => preg_match(A_TEST, $name) === 1));
}

/** One test of one day: its facts, and its log. Null if there is none. */
function test_of(string $day, string $name): ?array
{
    $path = CACHE . "/$day/$name.result";
    if (!preg_match(A_DAY, $day) || !preg_match(A_TEST, $name) || !is_file($path)) {
        return null;
    }
    [$head, $log] = explode("\n\n", str_replace("\r\n", "\n", (string) file_get_contents($path, false, null, 0, LONGEST)) . "\n\n", 2);
    $facts = ['result' => 'skipped', 'time' => '', 'system' => '', 'took' => ''];
    foreach (explode("\n", $head) as $line) {
        [$key, $value] = explode(':', $line, 2) + ['', ''];
        if (isset($facts[$key])) {
            $facts[$key] = trim($value);
        }
    }
    $facts['result'] = in_array($facts['result'], RESULTS, true) ? $facts['result'] : 'skipped';
    return ['name' => $name, 'day' => $day, 'log' => trim($log)] + $facts;
}

/** What the board is called, and how much it shows. */
function settings(): array
{
    $kept = json_decode((string) @file_get_contents('/etc/results-board.json'), true);
    return (is_array($kept) ? $kept : []) + ['title' => 'Results board', 'days' => 7];
}

/** Text for a page. */
function e(string $text): string
{
    return htmlspecialchars($text, ENT_QUOTES | ENT_SUBSTITUTE | ENT_HTML5, 'UTF-8');
}

/** "upload-a-photo" as people read it. */
function words(string $name): string
{
    return ucfirst(strtr($name, '-_', '  '));
}
