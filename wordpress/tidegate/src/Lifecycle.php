<?php

/**
 * Activation, deactivation and removal, on one site or on every site of a network.
 */

namespace Tidegate;

use Tidegate\Token\Gateway;

final class Lifecycle
{
    public static function activate(bool $network_wide = false): void
    {
        self::on_sites($network_wide, static function (): void {
            Schema::install();
            Gateway::schedule();
            self::forget_links();
        });
    }

    public static function deactivate(bool $network_wide = false): void
    {
        self::on_sites($network_wide, static function (): void {
            Gateway::unschedule();
            self::forget_links();
        });
    }

    /** Data goes only from sites whose owner asked for it. */
    public static function uninstall(): void
    {
        self::on_sites(is_multisite(), static function (): void {
            if (Options::delete_data()) {
                self::delete_posts();
                Schema::drop();
                Options::delete_all();
            }
            self::forget_links();
        });
    }

    /** WordPress makes its permalink rules anew when there are none. */
    private static function forget_links(): void
    {
        delete_option('rewrite_rules');
    }

    private static function delete_posts(): void
    {
        $query = array(
            'post_type'      => ResultPostType::NAME,
            'post_status'    => array_values(get_post_stati()),
            'fields'         => 'ids',
            'posts_per_page' => 100,
            'no_found_rows'  => true,
        );
        // The type is not registered while the plugin is being deleted, and the query needs nothing but its name.
        do {
            $ids = get_posts($query);
            $gone = array_filter($ids, static function (int $id): bool {
                return (bool) wp_delete_post($id, true);
            });
        } while ($gone !== array());
    }

    private static function on_sites(bool $all, callable $work): void
    {
        if (!$all || !is_multisite()) {
            $work();
            return;
        }
        foreach (get_sites(array('fields' => 'ids', 'number' => 0)) as $site) {
            switch_to_blog((int) $site);
            $work();
            restore_current_blog();
        }
    }
}
