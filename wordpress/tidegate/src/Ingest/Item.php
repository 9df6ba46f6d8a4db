<?php

/**
 * One row of the ledger as it was read: what was applied last for an external id, and by which deliveries.
 */

namespace Tidegate\Ingest;

final class Item
{
    /** So many earlier keys of one external id are recognised; more than any sender keeps retrying. */
    private const KEYS = 32;

    public int $post_id;
    public string $body_hash;
    public int $occurred_at;
    public string $idempotency_key;
    public string $lease_token;
    private string $seen_keys;

    /** @param array<string, string> $row */
    public function __construct(array $row)
    {
        $this->post_id = (int) $row['post_id'];
        $this->body_hash = $row['body_hash'];
        $this->occurred_at = (int) $row['occurred_at'];
        $this->idempotency_key = $row['idempotency_key'];
        $this->lease_token = $row['lease_token'];
        $this->seen_keys = $row['seen_keys'];
    }

    public function has_seen(string $idempotency_key): bool
    {
        return $idempotency_key !== ''
            && in_array(self::short($idempotency_key), explode("\n", $this->seen_keys), true);
    }

    /** The list with one more key, oldest dropped first. */
    public function keys_with(string $idempotency_key): string
    {
        if ($idempotency_key === '' || $this->has_seen($idempotency_key)) {
            return $this->seen_keys;
        }
        $keys = array_filter(explode("\n", $this->seen_keys));
        array_unshift($keys, self::short($idempotency_key));
        return implode("\n", array_slice($keys, 0, self::KEYS));
    }

    private static function short(string $key): string
    {
        return substr(hash('sha256', $key), 0, 32);
    }
}
