<?php

/**
 * Several deliveries in one call: each is taken, refused and remembered for itself.
 */

namespace Tidegate\Tests;

use RuntimeException;
use Tidegate\Rest\BatchRoute;
use WP_REST_Request;
use WP_REST_Response;

final class BatchTest extends PluginTestCase
{
    public function test_each_delivery_of_a_call_gets_its_post_and_its_answer_in_order(): void
    {
        $items = $this->items($this->send(array_map(array($this, 'item'), range(1, 20))));

        $this->assertSame(array_fill(0, 20, 201), array_column($items, 'status'));
        $this->assertCount(20, array_unique(array_column($items, 'post_id')));
        foreach ($items as $n => $item) {
            $this->assertTrue($item['created']);
            $this->assertSame('job_' . ($n + 1), $item['idempotency_key']);
            $this->assertSame('Text ' . ($n + 1), get_post($item['post_id'])->post_content);
            $this->assertStringContainsString('post=' . $item['post_id'], $item['edit_link']);
        }
    }

    public function test_a_delivery_means_the_same_alone_and_with_others(): void
    {
        $fields = array('title' => 'A title', 'metadata' => array('n' => 1.0, 'none' => array())) + $this->item(1);
        $this->assertSame(201, $this->items($this->send(array($fields)))[0]['status']);

        unset($fields['idempotency_key']);
        $this->assert_answer(200, 'unchanged', $this->deliver($fields, 'job_another'));
    }

    public function test_one_that_is_refused_does_not_touch_the_others(): void
    {
        $bad = array(
            array('external_id' => '') + $this->item(1),
            array('occurred_at' => 'soon') + $this->item(2),
            array('idempotency_key' => "two\nlines") + $this->item(3),
            array('idempotency_key' => array(1)) + $this->item(4),
            array('summary' => 'no external id'),
            'no object',
        );
        $items = $this->items($this->send(array_merge(array($this->item(7)), $bad, array($this->item(8)))));

        $this->assertSame(array(201, 400, 400, 400, 400, 400, 400, 201), array_column($items, 'status'));
        $this->assertSame('tidegate_bad_idempotency_key', $items[4]['code']);
        $this->assertSame('rest_missing_callback_param', $items[5]['code']);
        foreach (range(1, 4) as $n) {
            $this->assertSame(0, $this->posts_of("batch-$n"));
        }
    }

    public function test_a_call_that_is_repeated_changes_nothing(): void
    {
        $call = array_map(array($this, 'item'), range(1, 5));
        $first = $this->items($this->send($call));
        $again = $this->items($this->send($call));

        $this->assertSame(array_column($first, 'post_id'), array_column($again, 'post_id'));
        $this->assertSame(array_fill(0, 5, true), array_column($again, 'unchanged'));
        $this->assertSame(array_fill(0, 5, 200), array_column($again, 'status'));
    }

    public function test_a_call_that_broke_off_in_the_middle_is_completed_by_its_repetition(): void
    {
        $call = array_map(array($this, 'item'), range(1, 6));
        $this->send(array_slice($call, 0, 3));
        $items = $this->items($this->send($call));

        $this->assertSame(array(200, 200, 200, 201, 201, 201), array_column($items, 'status'));
        foreach (range(1, 6) as $n) {
            $this->assertSame(1, $this->posts_of("batch-$n"));
        }
    }

    public function test_of_two_deliveries_for_one_post_the_newer_one_stays(): void
    {
        $items = $this->items($this->send(array(
            array('external_id' => 'same', 'occurred_at' => '2026-05-04T00:00:02Z') + $this->item(2),
            array('external_id' => 'same', 'occurred_at' => '2026-05-04T00:00:01Z') + $this->item(1),
        )));

        $this->assertTrue($items[0]['created'] && $items[1]['superseded']);
        $this->assertSame($items[0]['post_id'], $items[1]['post_id']);
        $this->assertSame('Text 2', get_post($items[0]['post_id'])->post_content);
    }

    public function test_an_error_of_another_plugin_ends_one_delivery_and_not_the_call(): void
    {
        add_action('save_post_tidegate_result', static function (int $id): void {
            if (get_post($id)->post_content === 'Text 2') {
                throw new RuntimeException('broken');
            }
        });
        $log = ini_set('error_log', '/dev/null');
        $items = $this->items($this->send(array_map(array($this, 'item'), range(1, 3))));
        ini_set('error_log', $log);

        $this->assertSame(array(201, 500, 201), array_column($items, 'status'));
        $this->assertSame(array('tidegate_not_saved', 1), array($items[1]['code'], $items[1]['retry_after']));
        $this->assertStringNotContainsString('broken', (string) wp_json_encode($items));
    }

    public function test_deliveries_for_which_no_time_is_left_are_asked_to_come_again(): void
    {
        $items = BatchRoute::answers(array($this->item(1)), 0.0);

        $this->assertSame(
            array(503, 'tidegate_not_begun', 1, 'job_1'),
            array($items[0]['status'], $items[0]['code'], $items[0]['retry_after'], $items[0]['idempotency_key'])
        );
        $this->assertSame(0, $this->posts_of('batch-1'));
    }

    public function test_more_than_is_offered_is_refused_whole(): void
    {
        $this->assert_refused(400, 'rest_invalid_param', $this->send(array_map(array($this, 'item'), range(1, 51))));
        $this->assert_refused(400, 'rest_invalid_param', $this->send(array()));
        $large = array('ignored' => str_repeat('x', 4194304)) + $this->item(1);
        $this->assert_refused(413, 'tidegate_too_large', $this->send(array($large)));
        $this->assertSame(0, $this->posts_of('batch-1'));
    }

    public function test_the_rights_are_those_of_a_single_delivery(): void
    {
        wp_set_current_user(0);
        $this->assert_refused(401, 'tidegate_not_logged_in', $this->send(array($this->item(1))));
        $this->log_in('subscriber');
        $this->assert_refused(403, 'tidegate_forbidden', $this->send(array($this->item(1))));
        $this->assertSame(0, $this->posts_of('batch-1'));
    }

    public function test_every_answer_says_what_is_offered_and_a_site_can_offer_less(): void
    {
        $status = new WP_REST_Request('GET', '/tidegate/v1/status');
        $this->assertSame(50, rest_do_request($status)->get_data()['batch']);
        $this->assertSame('50', $this->deliver()->get_headers()['Tidegate-Batch']);
        $this->assertSame('50', $this->send(array($this->item(1)))->get_headers()['Tidegate-Batch']);

        add_filter('tidegate_batch', '__return_zero');
        $this->assertSame(0, rest_do_request($status)->get_data()['batch']);
        $this->assertArrayNotHasKey('Tidegate-Batch', $this->deliver()->get_headers());
    }

    /** @return array<string, string> */
    private function item(int $n): array
    {
        return array('idempotency_key' => "job_$n", 'external_id' => "batch-$n", 'summary' => "Text $n");
    }

    /** @param array<int, mixed> $items */
    private function send(array $items): WP_REST_Response
    {
        $request = new WP_REST_Request('POST', '/tidegate/v1/ingest/batch');
        $request->set_header('content-type', 'application/json');
        $request->set_body((string) wp_json_encode(array('items' => $items)));
        return rest_do_request($request);
    }

    /** @return array<int, array<string, mixed>> */
    private function items(WP_REST_Response $answer): array
    {
        $this->assertSame(200, $answer->get_status(), (string) wp_json_encode($answer->get_data()));
        return $answer->get_data()['items'];
    }
}
