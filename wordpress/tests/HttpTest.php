<?php

/**
 * Deliveries over the wire: the login that gateways use, and requests that arrive at the same moment.
 */

namespace Tidegate\Tests;

use PHPUnit\Framework\TestCase;
use Tidegate\Schema;

final class HttpTest extends TestCase
{
    private string $id = '';

    protected function setUp(): void
    {
        $this->id = uniqid('wire-');
    }

    protected function tearDown(): void
    {
        global $wpdb;
        wp_cache_flush();
        foreach ($this->posts() as $id) {
            wp_delete_post((int) $id, true);
        }
        $wpdb->delete(Schema::table(), array('external_id' => $this->id));
    }

    public function test_an_application_password_delivers(): void
    {
        list($status, $body) = $this->send(array($this->request('job_1', 'Over the wire')))[0];
        $this->assertSame(201, $status);
        $this->assertTrue($body['created']);
        $this->assertSame(array((string) $body['post_id']), $this->posts());
    }

    public function test_visitors_see_a_result_once_it_is_published(): void
    {
        $id = $this->send(array($this->request('job_1', 'Read me')))[0][1]['post_id'];
        wp_cache_flush();
        $this->assertSame(404, wp_remote_retrieve_response_code(wp_remote_get(get_permalink($id))));

        wp_update_post(array('ID' => $id, 'post_status' => 'publish'));
        $this->assertStringContainsString('/ai-results/', get_permalink($id));
        $page = wp_remote_get(get_permalink($id));
        $this->assertSame(200, wp_remote_retrieve_response_code($page));
        $this->assertStringContainsString('Read me', wp_remote_retrieve_body($page));
    }

    public function test_a_wrong_password_and_the_accounts_own_password_are_answered_401(): void
    {
        foreach (array('wrong', getenv('WP_PASSWORD')) as $password) {
            $request = $this->request('job_1', 'No');
            $request[CURLOPT_USERPWD] = getenv('WP_USER') . ':' . $password;
            $this->assertSame(401, $this->send(array($request))[0][0]);
        }
        $this->assertSame(array(), $this->posts());
    }

    public function test_twenty_different_deliveries_at_once_make_one_post(): void
    {
        $answers = $this->send(array_map(function (int $n): array {
            return $this->request("job_$n", "Text $n");
        }, range(1, 20)));

        $this->assert_one_post($answers, 'updated');
    }

    public function test_twenty_repetitions_at_once_make_one_post_and_change_it_never(): void
    {
        $answers = $this->send(array_fill(0, 20, $this->request('job_1', 'Text')));

        $this->assert_one_post($answers, 'unchanged');
    }

    public function test_of_deliveries_that_overtake_each_other_the_newest_stays(): void
    {
        $order = range(1, 12);
        shuffle($order);
        $this->send(array_map(function (int $n): array {
            return $this->request("job_$n", "Text $n", sprintf('2026-05-04T00:00:%02dZ', $n));
        }, $order));

        $this->assertSame('Text 12', get_post((int) $this->posts()[0])->post_content);
    }

    public function test_the_plugin_leaves_no_notice_in_the_logs(): void
    {
        $this->send(array($this->request('job_1', 'Quiet')));
        $logs = glob(getenv('WP_LOGS') . '/{debug,php}.log', GLOB_BRACE);
        $lines = array_merge(array(), ...array_map('file', $logs));
        $own = preg_grep('~(plugins|wordpress)/tidegate/(src|tidegate|uninstall)~', $lines);
        $this->assertSame(array(), array_values($own));
    }

    /** @param array<int, array{int, array<string, mixed>}> $answers */
    private function assert_one_post(array $answers, string $others): void
    {
        $this->assertCount(1, $this->posts());
        $what = array_map(static function (array $answer): string {
            return implode(' ', array_keys($answer[1], true, true));
        }, $answers);
        $counts = array_count_values($what);
        ksort($counts);
        $this->assertSame(array('created' => 1, $others => 19), $counts);
        $this->assertCount(1, array_unique(array_column(array_column($answers, 1), 'post_id')));
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

    /** @return array<int, mixed> options for curl */
    private function request(string $key, string $summary, ?string $occurred_at = null): array
    {
        return array(
            CURLOPT_URL            => getenv('WP_URL') . '/wp-json/tidegate/v1/ingest',
            CURLOPT_USERPWD        => getenv('WP_USER') . ':' . getenv('WP_APP_PASSWORD'),
            CURLOPT_HTTPHEADER     => array('Content-Type: application/json', "Idempotency-Key: $key"),
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_TIMEOUT        => 30,
            CURLOPT_POSTFIELDS     => wp_json_encode(array_filter(array(
                'external_id' => $this->id,
                'summary'     => $summary,
                'occurred_at' => $occurred_at,
            ))),
        );
    }

    /**
     * Sends all requests at once.
     *
     * @param array<int, array<int, mixed>> $requests
     * @return array<int, array{int, array<string, mixed>}> status and JSON of each
     */
    private function send(array $requests): array
    {
        $all = curl_multi_init();
        $handles = array();
        foreach ($requests as $options) {
            $handle = curl_init();
            curl_setopt_array($handle, $options);
            curl_multi_add_handle($all, $handle);
            $handles[] = $handle;
        }
        do {
            curl_multi_exec($all, $left);
            curl_multi_select($all, 0.1);
        } while ($left > 0);
        return array_map(static function ($handle): array {
            return array(
                (int) curl_getinfo($handle, CURLINFO_HTTP_CODE),
                (array) json_decode((string) curl_multi_getcontent($handle), true),
            );
        }, $handles);
    }
}
