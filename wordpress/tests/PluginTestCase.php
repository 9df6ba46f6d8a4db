<?php

/**
 * What the tests share: a database transaction and hooks that are put back after each test, users, and deliveries.
 */

namespace Tidegate\Tests;

use PHPUnit\Framework\TestCase;
use Tidegate\Schema;
use WP_REST_Request;
use WP_REST_Response;

abstract class PluginTestCase extends TestCase
{
    /** @var array<string, mixed> */
    private array $hooks = array();

    protected function setUp(): void
    {
        global $wpdb, $wp_filter;
        foreach ($wp_filter as $name => $hook) {
            $this->hooks[$name] = clone $hook;
        }
        $wpdb->suppress_errors(false);
        $wpdb->query('START TRANSACTION');
        wp_cache_flush();
        $this->log_in('editor');
    }

    protected function tearDown(): void
    {
        global $wpdb, $wp_filter;
        $wpdb->query('ROLLBACK');
        $wp_filter = $this->hooks;
        wp_cache_flush();
        wp_set_current_user(0);
    }

    /** A new user of that role becomes the current one. */
    protected function log_in(string $role): int
    {
        $name = uniqid($role);
        $id = wp_insert_user(array('user_login' => $name, 'user_pass' => $name, 'role' => $role));
        wp_set_current_user($id);
        return $id;
    }

    /**
     * @param array<string, mixed> $fields over those of an ordinary delivery
     */
    protected function deliver(array $fields = array(), string $key = ''): WP_REST_Response
    {
        $body = $fields + array(
            'external_id' => 'order-7',
            'title'       => 'A title',
            'summary'     => 'A summary.',
            'source'      => 'tidegate',
        );
        $request = new WP_REST_Request('POST', '/tidegate/v1/ingest');
        $request->set_header('content-type', 'application/json');
        if ($key !== '') {
            $request->set_header('idempotency-key', $key);
        }
        $request->set_body((string) wp_json_encode($body));
        return rest_do_request($request);
    }

    /** @param array<string, mixed> $fields */
    protected function delivered(array $fields = array(), string $key = ''): int
    {
        $answer = $this->deliver($fields, $key);
        $this->assertContains($answer->get_status(), array(200, 201), (string) wp_json_encode($answer->get_data()));
        return $answer->get_data()['post_id'];
    }

    protected function assert_answer(int $status, string $field, WP_REST_Response $answer): void
    {
        $this->assertSame($status, $answer->get_status(), (string) wp_json_encode($answer->get_data()));
        $this->assertTrue($answer->get_data()[$field] ?? null, (string) wp_json_encode($answer->get_data()));
    }

    protected function assert_refused(int $status, string $code, WP_REST_Response $answer): void
    {
        $this->assertSame($status, $answer->get_status(), (string) wp_json_encode($answer->get_data()));
        $this->assertSame($code, $answer->get_data()['code']);
    }

    protected function posts_of(string $external_id): int
    {
        global $wpdb;
        return (int) $wpdb->get_var($wpdb->prepare(
            "SELECT COUNT(DISTINCT p.ID) FROM {$wpdb->posts} p JOIN {$wpdb->postmeta} m ON m.post_id = p.ID"
                . " WHERE p.post_type = 'tidegate_result'"
                . " AND m.meta_key = '_tidegate_external_id' AND m.meta_value = %s",
            $external_id
        ));
    }

    /**
     * Changes the ledger behind the plugin's back, as a crash or another process would.
     *
     * @param array<string, mixed> $values
     */
    protected function tamper(string $external_id, array $values): void
    {
        global $wpdb;
        $wpdb->update(Schema::table(), $values, array('external_id' => $external_id));
    }
}
