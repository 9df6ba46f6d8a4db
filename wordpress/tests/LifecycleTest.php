<?php

/**
 * Installing, upgrading and deleting. Changes of tables cannot be rolled back, so each step is a PHP process of its
 * own against the real database, and the plugin is whole again afterwards.
 */

namespace Tidegate\Tests;

use PHPUnit\Framework\TestCase;
use Tidegate\Schema;

final class LifecycleTest extends TestCase
{
    private const UNINSTALL = 'define("WP_UNINSTALL_PLUGIN", "tidegate/tidegate.php");'
        . ' require WP_PLUGIN_DIR . "/tidegate/uninstall.php";';

    protected function tearDown(): void
    {
        $this->php('delete_option("tidegate_delete_data");');
        $this->php('');
        wp_cache_flush();
    }

    public function test_deleting_the_plugin_keeps_results_unless_the_site_says_otherwise(): void
    {
        $post = $this->result();
        $this->php(self::UNINSTALL);

        $this->assertTrue($this->table_exists());
        wp_cache_flush();
        $this->assertNotNull(get_post($post));
        wp_delete_post($post, true);
    }

    public function test_deleting_the_plugin_takes_everything_along_when_the_site_says_so(): void
    {
        $post = $this->result();
        $this->php('update_option("tidegate_delete_data", true);');
        $this->php(self::UNINSTALL);

        $this->assertFalse($this->table_exists());
        wp_cache_flush();
        $this->assertNull(get_post($post));
        $this->assertFalse(get_option('tidegate_schema'));
        $this->assertFalse(get_option('tidegate_delete_data'));
    }

    public function test_the_next_load_makes_a_table_that_is_missing_or_old(): void
    {
        $this->php('Tidegate\Schema::drop(); update_option("tidegate_schema", "0");');
        $this->assertFalse($this->table_exists());

        $this->php('');
        $this->assertTrue($this->table_exists());
        wp_cache_flush();
        $this->assertSame(Schema::VERSION, get_option('tidegate_schema'));
    }

    public function test_activation_twice_leaves_the_table_as_it_is(): void
    {
        global $wpdb;
        $before = $wpdb->get_row('SHOW CREATE TABLE ' . Schema::table(), ARRAY_N);
        $this->php('Tidegate\Lifecycle::activate(); Tidegate\Lifecycle::activate(); Tidegate\Lifecycle::deactivate();');
        $after = $wpdb->get_row('SHOW CREATE TABLE ' . Schema::table(), ARRAY_N);
        $this->assertSame(
            preg_replace('/ AUTO_INCREMENT=\d+/', '', $before[1]),
            preg_replace('/ AUTO_INCREMENT=\d+/', '', $after[1])
        );
    }

    private function result(): int
    {
        return wp_insert_post(array('post_type' => 'tidegate_result', 'post_title' => 'Kept?'));
    }

    private function table_exists(): bool
    {
        global $wpdb;
        return $wpdb->get_var("SHOW TABLES LIKE '{$wpdb->prefix}tidegate_items'") !== null;
    }

    /** Runs the code in a WordPress of its own; whatever it prints fails the test. */
    private function php(string $code): void
    {
        $start = 'error_reporting(E_ALL & ~E_DEPRECATED); $_SERVER["REQUEST_METHOD"] = "GET";'
            . ' $_SERVER["SERVER_PROTOCOL"] = "HTTP/1.1"; require getenv("WP_LOAD");';
        exec(escapeshellarg(PHP_BINARY) . ' -r ' . escapeshellarg($start . $code) . ' 2>&1', $lines, $status);
        $lines = preg_grep('/Deprecated/', $lines, PREG_GREP_INVERT);
        $this->assertSame('', trim(implode("\n", $lines)));
        $this->assertSame(0, $status);
    }
}
