<?php

/**
 * The plugin's one table, {prefix}tidegate_items: made, upgraded and dropped here, queried only by Ingest\Ledger.
 */

namespace Tidegate;

final class Schema
{
    /** Raise it with every change of the table. */
    public const VERSION = '1';

    public static function table(): string
    {
        global $wpdb;
        return $wpdb->prefix . 'tidegate_items';
    }

    /** Runs on every load, because files can be replaced without an activation. */
    public static function upgrade(): void
    {
        if (get_option(Options::SCHEMA) !== self::VERSION) {
            self::install();
        }
    }

    /**
     * Makes the table or brings it up to date.
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
        // A table that could not be made is tried again on the next load.
        if ($wpdb->get_var($wpdb->prepare('SHOW TABLES LIKE %s', $wpdb->esc_like($table))) !== null) {
            update_option(Options::SCHEMA, self::VERSION);
        }
    }

    public static function drop(): void
    {
        global $wpdb;
        $wpdb->query('DROP TABLE IF EXISTS ' . self::table());
    }

    /**
     * A site of a network that is deleted takes its table along.
     *
     * @param string[] $tables
     * @return string[]
     */
    public static function tables_of_site(array $tables, int $site): array
    {
        global $wpdb;
        $tables[] = $wpdb->get_blog_prefix($site) . 'tidegate_items';
        return $tables;
    }
}
