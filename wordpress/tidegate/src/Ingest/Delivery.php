<?php

/**
 * One delivery, cleaned for storage: every value is safe for the place its name says it goes to.
 */

namespace Tidegate\Ingest;

final class Delivery
{
    public string $external_id;
    public string $idempotency_key;
    public string $job_id;
    public string $event_id;
    public string $trace_id;
    public string $status;
    public string $title;
    public string $summary;
    public string $content;
    /** @var array<int, array{url: string, name: string, type: string}> */
    public array $artifacts = array();
    /** @var array<string, mixed> */
    public array $metadata = array();
    /** The text as it came; empty when the sender gave none. */
    public string $occurred_text;
    /** Microseconds; null when the sender gave none, and then nothing is ever too old. */
    public ?int $occurred_at;

    /** @param array<string, mixed> $params validated by Rest\IngestArgs */
    public static function from_request(array $params, string $idempotency_key): self
    {
        $text = static function (string $name) use ($params): string {
            return isset($params[$name]) ? (string) $params[$name] : '';
        };
        $it = new self();
        $it->idempotency_key = $idempotency_key;
        $it->external_id = $text('external_id');
        foreach (array('job_id', 'event_id', 'trace_id') as $name) {
            $it->$name = self::id($text($name));
        }
        $it->status = sanitize_key($text('status'));
        $it->title = sanitize_text_field($text('title'));
        $it->summary = self::html($text('summary'));
        $it->content = self::html($text('content'));
        foreach ($params['artifacts'] ?? array() as $artifact) {
            $url = esc_url_raw((string) $artifact['url'], array('http', 'https'));
            if ($url !== '') {
                $it->artifacts[] = array(
                    'url'  => $url,
                    'name' => sanitize_text_field((string) ($artifact['name'] ?? '')),
                    'type' => sanitize_text_field((string) ($artifact['type'] ?? '')),
                );
            }
        }
        $it->metadata = self::plain((array) ($params['metadata'] ?? array()), 5);
        $it->occurred_text = sanitize_text_field($text('occurred_at'));
        $it->occurred_at = $it->occurred_text === '' ? null : Moment::parse($it->occurred_text);
        return $it;
    }

    /** What makes two deliveries for one external id say the same thing; when they were said is not part of it. */
    public function body_hash(): string
    {
        return hash('sha256', (string) wp_json_encode(array(
            $this->job_id,
            $this->event_id,
            $this->status,
            $this->title,
            $this->summary,
            $this->content,
            $this->artifacts,
            $this->metadata,
        )));
    }

    /**
     * The markup WordPress allows in posts. A script's or style's text would remain without its tag, so it goes first.
     */
    private static function html(string $text): string
    {
        $text = wp_check_invalid_utf8($text);
        return trim(wp_kses_post(preg_replace('@<(script|style)\b[^>]*>.*?</\1\s*>@si', '', $text) ?? $text));
    }

    /** Like sanitize_text_field(), but leaves percent signs and spaces alone: they may be part of somebody's id. */
    private static function id(string $text): string
    {
        return trim((string) preg_replace('/\p{C}+/u', '', wp_strip_all_tags($text)));
    }

    /**
     * @param array<int|string, mixed> $values
     * @return array<int|string, mixed> texts without markup, nothing deeper than asked for
     */
    private static function plain(array $values, int $depth): array
    {
        $clean = array();
        foreach ($values as $key => $value) {
            $key = is_int($key) ? $key : sanitize_text_field($key);
            if (is_array($value)) {
                $clean[$key] = $depth > 1 ? self::plain($value, $depth - 1) : array();
            } elseif (is_string($value)) {
                $clean[$key] = sanitize_textarea_field($value);
            } elseif (is_scalar($value) || $value === null) {
                $clean[$key] = $value;
            }
        }
        return $clean;
    }
}
