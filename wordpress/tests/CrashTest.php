<?php

/**
 * A process that is killed in the middle of a delivery, for real.
 */

namespace Tidegate\Tests;

use PHPUnit\Framework\TestCase;
use Tidegate\Ingest\Delivery;
use Tidegate\Ingest\Ingest;
use Tidegate\Ingest\Outcome;
use Tidegate\Schema;

final class CrashTest extends TestCase
{
    private string $id = '';

    protected function setUp(): void
    {
        $this->id = uniqid('crash-');
        wp_set_current_user(get_user_by('login', getenv('WP_USER'))->ID);
    }

    protected function tearDown(): void
    {
        global $wpdb;
        foreach ($this->posts() as $id) {
            wp_delete_post((int) $id, true);
        }
        $wpdb->delete(Schema::table(), array('external_id' => $this->id));
        wp_set_current_user(0);
    }

    /**
     * @dataProvider moments
     */
    public function test_a_delivery_killed_midway_is_completed_by_its_repetition(string $hook, int $posts_left): void
    {
        $this->deliver_and_die($hook);
        $this->assertCount($posts_left, $this->posts());

        // The dead process still has its turn, for some seconds.
        $busy = $this->deliver(0.1);
        $this->assertSame('tidegate_busy', $busy->get_error_code());

        $this->end_lease();
        $outcome = $this->deliver(1.0);
        $this->assertSame(Outcome::CREATED, $outcome->what);
        $this->assertSame(array((string) $outcome->post_id), $this->posts());
        $this->assertSame('Text', get_post($outcome->post_id)->post_content);
        $this->assertSame($this->id, get_post_meta($outcome->post_id, '_tidegate_external_id', true));
    }

    /** @return array<string, array{string, int}> */
    public function moments(): array
    {
        return array(
            'before its post is written'    => array('wp_insert_post_data', 0),
            'before the post has its meta'  => array('add_post_metadata', 1),
            'before the ledger knows of it' => array('wp_insert_post', 1),
        );
    }

    /** @return Outcome|\WP_Error */
    private function deliver(float $wait)
    {
        $fields = array('external_id' => $this->id, 'summary' => 'Text');
        return (new Ingest($wait))->apply(Delivery::from_request($fields, 'job_1'));
    }

    private function deliver_and_die(string $hook): void
    {
        $code = '$_SERVER["REQUEST_METHOD"] = "GET"; $_SERVER["SERVER_PROTOCOL"] = "HTTP/1.1";'
            . ' require getenv("WP_LOAD"); wp_set_current_user(' . get_current_user_id() . ');'
            . ' add_filter("' . $hook . '", function ($value) {'
            . '   exec("kill -KILL " . getmypid()); sleep(5); return $value; });'
            . ' (new Tidegate\Ingest\Ingest())->apply(Tidegate\Ingest\Delivery::from_request('
            . '   array("external_id" => "' . $this->id . '", "summary" => "Text"), "job_1"));'
            . ' echo "survived";';
        $php = escapeshellarg(PHP_BINARY) . ' -d display_errors=0';
        exec($php . ' -r ' . escapeshellarg($code) . ' 2>&1', $lines, $status);
        $this->assertStringNotContainsString('survived', implode("\n", $lines));
        $this->assertSame(128 + 9, $status, implode("\n", $lines));
        wp_cache_flush();
    }

    private function end_lease(): void
    {
        global $wpdb;
        $wpdb->update(Schema::table(), array('lease_until' => 1), array('external_id' => $this->id));
    }

    /** @return string[] */
    private function posts(): array
    {
        global $wpdb;
        return $wpdb->get_col($wpdb->prepare(
            "SELECT ID FROM {$wpdb->posts} WHERE post_type = 'tidegate_result' AND guid = %s",
            'urn:tidegate:' . hash('sha256', $this->id)
        ));
    }
}
