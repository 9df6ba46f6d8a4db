<?php

/**
 * All queries on {prefix}tidegate_items. A row is both the memory of an external id and its lock: the unique key
 * lets one request make it, and a lease on it lets one request at a time work for that id. A lease ends by itself,
 * so a process that died in between blocks nobody for longer than LEASE_SECONDS.
 */

namespace Tidegate\Ingest;

use Tidegate\Schema;

final class Ledger
{
    /** Longer than any post takes to save. The database's clock decides, so web servers need not agree on the time. */
    public const LEASE_SECONDS = 15;

    public function find(string $external_id): ?Item
    {
        global $wpdb;
        $row = $wpdb->get_row(
            $wpdb->prepare('SELECT * FROM ' . Schema::table() . ' WHERE external_key = %s', self::key($external_id)),
            ARRAY_A
        );
        return $row ? new Item($row) : null;
    }

    /** Makes the row unless it is there; true when the database could be asked. */
    public function reserve(string $external_id): bool
    {
        global $wpdb;
        return $wpdb->query($wpdb->prepare(
            'INSERT IGNORE INTO ' . Schema::table()
                . " (external_key, external_id, seen_keys, updated_at) VALUES (%s, %s, '', %d)",
            self::key($external_id),
            $external_id,
            Moment::now()
        )) !== false;
    }

    /** @return string|null the lease's token; null while somebody else has it */
    public function lease(string $external_id): ?string
    {
        global $wpdb;
        $token = bin2hex(random_bytes(16));
        $won = $wpdb->query($wpdb->prepare(
            'UPDATE ' . Schema::table() . ' SET lease_token = %s, lease_until = UNIX_TIMESTAMP() + %d'
                . ' WHERE external_key = %s AND lease_until < UNIX_TIMESTAMP()',
            $token,
            self::LEASE_SECONDS,
            self::key($external_id)
        ));
        return $won === 1 ? $token : null;
    }

    /** Notes what was applied and ends the lease; false when the lease had been lost. */
    public function settle(string $token, Item $item, Delivery $delivery, int $post_id): bool
    {
        global $wpdb;
        return $wpdb->query($wpdb->prepare(
            'UPDATE ' . Schema::table() . ' SET post_id = %d, idempotency_key = %s, seen_keys = %s, body_hash = %s,'
                . " occurred_at = %d, updated_at = %d, lease_token = '', lease_until = 0"
                . ' WHERE external_key = %s AND lease_token = %s',
            $post_id,
            $delivery->idempotency_key,
            $item->keys_with($delivery->idempotency_key),
            $delivery->body_hash(),
            $delivery->occurred_at ?? $item->occurred_at,
            Moment::now(),
            self::key($delivery->external_id),
            $token
        )) === 1;
    }

    public function release(string $external_id, string $token): void
    {
        global $wpdb;
        $wpdb->query($wpdb->prepare(
            'UPDATE ' . Schema::table() . " SET lease_token = '', lease_until = 0"
                . ' WHERE external_key = %s AND lease_token = %s',
            self::key($external_id),
            $token
        ));
    }

    public static function key(string $external_id): string
    {
        return hash('sha256', $external_id);
    }
}
