<?php

/**
 * The plugin's tables: made, upgraded and dropped here. {prefix}tidegate_items is queried only by Ingest\Ledger,
 * {prefix}tidegate_tokens only by Token\Used.
 */

namespace Tidegate;

final class Schema
{
    /** Raise it with every change of a table. */
    public const VERSION = '2';

    public static function table(): string
    {
        global $wpdb;
        return $wpdb->prefix . 'tidegate_items';
    }

    public static function tokens(): string
    {
        global $wpdb;
        return $wpdb->prefix . 'tidegate_tokens';
    }

    /** Runs on every load, because files can be replaced without an activation. */
    public static function upgrade(): void
    {
        if (get_option(Options::SCHEMA) !== self::VERSION) {
            self::install();
        }
    }

    /**
     * Makes the tables or brings them up to date.
     *
     * An external id may be any text, and databases disagree on what makes two texts equal, so its SHA-256 is
     * what is unique. Times of deliveries are UTC microseconds; the lease is in the database's own seconds.
     */
    public static function install(): void
    {
        global $wpdb;
        require_once ABSPATH . 'wp-admin/includes/upgrade.php';
        $table = self::table();
        $charset = $wpdb->get_charset_collate();

        dbDelta(
            "CREATE TABLE {$table} (
  id bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  external_key char(64) NOT NULL,
  external_id varchar(191) NOT NULL,
  post_id bigint(20) unsigned NOT NULL DEFAULT 0,
  idempotency_key varchar(191) NOT NULL DEFAULT '',
  seen_keys text NOT NULL,
  body_hash char(64) NOT NULL DEFAULT '',
  occurred_at bigint(20) NOT NULL DEFAULT 0,
  lease_token char(32) NOT NULL DEFAULT '',
  lease_until bigint(20) NOT NULL DEFAULT 0,
  updated_at bigint(20) NOT NULL DEFAULT 0,
  PRIMARY KEY  (id),
  UNIQUE KEY external_key (external_key),
  KEY post_id (post_id)
) {$charset};"
        );
        $tokens = self::tokens();
        dbDelta(
            "CREATE TABLE {$tokens} (
  token char(64) NOT NULL,
  request char(64) NOT NULL DEFAULT '',
  until bigint(20) NOT NULL,
  PRIMARY KEY  (token),
  KEY until (until)
) {$charset};"
        );
        // A table that could not be made is tried again on the next load.
        if (self::is_there($table) && self::is_there($tokens)) {
            update_option(Options::SCHEMA, self::VERSION);
        }
    }

    private static function is_there(string $table): bool
    {
        global $wpdb;
        return $wpdb->get_var($wpdb->prepare('SHOW TABLES LIKE %s', $wpdb->esc_like($table))) !== null;
    }

    public static function drop(): void
    {
        global $wpdb;
        $wpdb->query('DROP TABLE IF EXISTS ' . self::table() . ', ' . self::tokens());
    }

    /**
     * A site of a network that is deleted takes its tables along.
     *
     * @param string[] $tables
     * @return string[]
     */
    public static function tables_of_site(array $tables, int $site): array
    {
        global $wpdb;
        $tables[] = $wpdb->get_blog_prefix($site) . 'tidegate_items';
        $tables[] = $wpdb->get_blog_prefix($site) . 'tidegate_tokens';
        return $tables;
    }
}
