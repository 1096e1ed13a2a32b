<?php

/**
 * Sends a module inventory to an Ingot node: a client without Drupal, for trying out, for CI, and as a model for others.
 *
 *   INGOT_API_KEY=… php ingot-sync.php URL SITE_ID FILE [--lenient] [--async] [--difference=STATE_FILE]
 *
 * FILE is the body of a sync (see drupal.md); - is standard input. sync_timestamp is set to now when it is absent.
 * --difference remembers in STATE_FILE what was sent last, and sends what has changed since.
 *
 * Exit codes: 0 taken, 1 refused for good (the reason is on standard error), 2 used wrongly, 75 try again later.
 */

declare(strict_types=1);

const TRY_AGAIN = 75;
const POLLS_MAX = 120;

function fail(int $code, string $why): never {
  fwrite(STDERR, "ingot-sync: $why\n");
  exit($code);
}

/**
 * One request. @return array{int, array<string, string>, mixed} status (0: nobody answered), fields by lower-case name, JSON
 */
function request(string $method, string $url, array $fields, ?string $body = null): array {
  $fields[] = 'X-API-Key: ' . getenv('INGOT_API_KEY');
  $context = stream_context_create(['http' => [
    'method' => $method,
    'header' => $fields,
    'content' => $body ?? '',
    'timeout' => 60,
    'ignore_errors' => true,
    'follow_location' => 0,
  ]]);
  $text = @file_get_contents($url, false, $context);
  if ($text === false) {
    return [0, [], null];
  }
  $status = (int) explode(' ', $http_response_header[0])[1];
  $answered = [];
  foreach (array_slice($http_response_header, 1) as $line) {
    [$name, $value] = explode(':', $line, 2) + [1 => ''];
    $answered[strtolower($name)] = trim($value);
  }
  return [$status, $answered, json_decode($text, true)];
}

/**
 * The same inventory as a difference to what was sent last; the inventory itself when nothing was.
 */
function difference(array $inventory, ?array $last): array {
  if ($last === null) {
    return $inventory;
  }
  $now = array_column($inventory['modules'], null, 'machine_name');
  $changed = [];
  foreach ($now as $name => $module) {
    if (($last['modules'][$name] ?? null) !== hash('sha256', json_encode($module))) {
      $changed[] = $module;
    }
  }
  return ['modules' => $changed, 'base_hash' => $last['state_hash'],
    'removed' => array_map('strval', array_keys(array_diff_key($last['modules'], $now)))] + $inventory;
}

/**
 * Waits for the job that a 202 names. @return array the answer that a sync without a job would have had
 */
function wait_for_job(string $url): array {
  for ($polls = 0; $polls < POLLS_MAX; ++$polls) {
    [$status, , $job] = request('GET', $url, []);
    if (!in_array($status, [200, 0, 429, 503], true)) {
      fail(1, "$url answers $status: " . json_encode($job));
    }
    $state = $job['status'] ?? 'unknown for now';
    if ($state === 'succeeded') {
      return $job['result'];
    }
    if ($state === 'failed' || $state === 'dead') {
      fail(1, "the job is $state: " . json_encode($job));
    }
    sleep(1);
  }
  fail(TRY_AGAIN, "the job at $url is not over yet");
}

$options = ['lenient' => false, 'async' => false, 'difference' => null];
$words = [];
foreach (array_slice($argv, 1) as $word) {
  if (!str_starts_with($word, '--')) {
    $words[] = $word;
    continue;
  }
  [$name, $value] = explode('=', substr($word, 2), 2) + [1 => true];
  if (!array_key_exists($name, $options)) {
    fail(2, "there is no option --$name");
  }
  $options[$name] = $value;
}
if (count($words) !== 3 || !getenv('INGOT_API_KEY')) {
  fail(2, 'usage: INGOT_API_KEY=… php ingot-sync.php URL SITE_ID FILE [--lenient] [--async] [--difference=STATE_FILE]');
}
[$node, $site, $file] = $words;
$node = rtrim($node, '/');
$inventory = json_decode((string) file_get_contents($file === '-' ? 'php://stdin' : $file), true);
if (!is_array($inventory)) {
  fail(2, "$file is no JSON object");
}
if (($inventory['site_info'] ?? null) === []) {
  $inventory['site_info'] = new stdClass(); // PHP cannot tell {} from []
}
$inventory += ['sync_timestamp' => gmdate('Y-m-d\TH:i:s\Z')];

$fields = ['Content-Type: application/json', 'Content-Encoding: gzip'];
$preferences = array_filter([$options['lenient'] ? 'handling=lenient' : '', $options['async'] ? 'respond-async' : '']);
if ($preferences !== []) {
  $fields[] = 'Prefer: ' . implode(', ', $preferences);
}

$state_file = $options['difference'];
$last = is_string($state_file) && is_file($state_file) ? json_decode((string) file_get_contents($state_file), true) : null;
$send = fn(array $body): array => request('POST', "$node/api/v1/sites/$site/modules/sync", $fields,
  gzencode(json_encode($body, JSON_THROW_ON_ERROR)));
[$status, $answered, $said] = $send(difference($inventory, $last));
if ($status === 409 && $last !== null) {
  // Somebody else synced, or the node was restored: what it has is not what we think. Say everything.
  [$status, $answered, $said] = $send($inventory);
}
if ($status === 202) {
  $said = wait_for_job($node . $answered['location']);
  $status = 200;
}
if ($status === 200) {
  // What was left out for a fault (lenient), or came too late (stale), is not there: then the next sync says everything again.
  if (is_string($state_file)) {
    $digests = [];
    foreach ($inventory['modules'] as $module) {
      $digests[$module['machine_name']] = hash('sha256', json_encode($module));
    }
    $sound = $said['errors'] === [] && $said['outcome'] !== 'stale';
    file_put_contents($state_file, json_encode($sound ? ['state_hash' => $said['state_hash'], 'modules' => (object) $digests] : null));
  }
  echo json_encode($said, JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE), "\n";
  exit(0);
}
if ($status === 0) {
  fail(TRY_AGAIN, "no answer from $node");
}
$error = $said['error'] ?? ['message' => 'no JSON', 'code' => '', 'details' => [], 'request_id' => ''];
$why = "$status {$error['code']}: {$error['message']} (request {$error['request_id']})";
foreach ($error['details'] as $detail) {
  $why .= "\n  {$detail['pointer']}: {$detail['message']}";
}
if ($status === 429 || $status === 503) {
  fail(TRY_AGAIN, $why . "\n  try again in " . ($answered['retry-after'] ?? 'some') . ' seconds');
}
fail(1, $why);
