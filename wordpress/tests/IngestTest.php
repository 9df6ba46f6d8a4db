<?php

/**
 * What a delivery does to posts.
 */

namespace Tidegate\Tests;

use Tidegate\Ingest\Delivery;
use Tidegate\Ingest\Ingest;
use Tidegate\Ingest\Ledger;

final class IngestTest extends PluginTestCase
{
    public function test_a_delivery_becomes_a_draft_of_the_account_that_delivered_it(): void
    {
        $answer = $this->deliver(array('summary' => '<p>Hello <strong>you</strong></p>', 'trace_id' => 'abc'), 'job_1');

        $this->assert_answer(201, 'created', $answer);
        $post = get_post($answer->get_data()['post_id']);
        $this->assertSame('tidegate_result', $post->post_type);
        $this->assertSame('draft', $post->post_status);
        $this->assertSame('A title', $post->post_title);
        $this->assertSame('<p>Hello <strong>you</strong></p>', $post->post_content);
        $this->assertSame('Hello you', $post->post_excerpt);
        $this->assertSame(get_current_user_id(), (int) $post->post_author);
    }

    public function test_the_answer_says_where_the_post_is_seen_and_edited(): void
    {
        $answer = $this->deliver()->get_data();

        $this->assertSame(get_permalink($answer['post_id']), $answer['link']);
        $this->assertSame(admin_url("post.php?post={$answer['post_id']}&action=edit"), $answer['edit_link']);
        $this->assertSame(array('post_id', 'created', 'link', 'edit_link'), array_keys($answer));
    }

    public function test_content_is_preferred_to_the_summary_and_the_excerpt_is_trimmed(): void
    {
        $post = get_post($this->delivered(array('content' => 'The long text.', 'summary' => str_repeat('word ', 80))));

        $this->assertSame('The long text.', $post->post_content);
        $this->assertSame(55, substr_count($post->post_excerpt, 'word'));
    }

    public function test_a_result_without_title_is_named_by_how_its_summary_starts(): void
    {
        $this->assertSame('Short and good', get_post($this->delivered(
            array('title' => null, 'summary' => '<p>Short and good</p>')
        ))->post_title);
        $this->assertSame('bare-1', get_post($this->delivered(
            array('external_id' => 'bare-1', 'title' => null, 'summary' => null)
        ))->post_title);
    }

    public function test_the_same_idempotency_key_again_leaves_the_post_alone(): void
    {
        $first = $this->delivered(array(), 'job_1');
        $answer = $this->deliver(array('summary' => 'Something else'), 'job_1');

        $this->assert_answer(200, 'unchanged', $answer);
        $this->assertSame($first, $answer->get_data()['post_id']);
        $this->assertSame('A summary.', get_post($first)->post_content);
    }

    public function test_an_earlier_key_is_still_known_after_a_later_delivery(): void
    {
        $id = $this->delivered(array(), 'job_1');
        $this->delivered(array('summary' => 'Second'), 'job_2');

        $this->assert_answer(200, 'unchanged', $this->deliver(array(), 'job_1'));
        $this->assertSame('Second', get_post($id)->post_content);
    }

    public function test_a_later_delivery_updates_the_one_post_and_keeps_the_editors_status(): void
    {
        $id = $this->delivered(array('occurred_at' => '2026-05-04T00:00:00Z'), 'job_1');
        wp_update_post(array('ID' => $id, 'post_status' => 'publish'));
        $answer = $this->deliver(array('summary' => 'New', 'occurred_at' => '2026-05-04T00:00:00.000001Z'), 'job_2');

        $this->assert_answer(200, 'updated', $answer);
        $this->assertSame($id, $answer->get_data()['post_id']);
        $this->assertSame('New', get_post($id)->post_content);
        $this->assertSame('publish', get_post_status($id));
        $this->assertSame(1, $this->posts_of('order-7'));
    }

    public function test_what_an_editor_wrote_remains_as_a_revision_after_an_update(): void
    {
        $id = $this->delivered(array(), 'job_1');
        wp_update_post(array('ID' => $id, 'post_content' => 'The editor was here.'));
        $this->delivered(array('summary' => 'New'), 'job_2');

        $this->assertContains('The editor was here.', wp_list_pluck(wp_get_post_revisions($id), 'post_content'));
    }

    public function test_a_delivery_older_than_the_applied_one_is_superseded(): void
    {
        $id = $this->delivered(array('occurred_at' => '2026-05-04T12:00:00+02:00'), 'job_2');
        $answer = $this->deliver(array('summary' => 'Old', 'occurred_at' => '2026-05-04T09:59:59.999999Z'), 'job_1');

        $this->assert_answer(200, 'superseded', $answer);
        $this->assertSame($id, $answer->get_data()['post_id']);
        $this->assertSame('A summary.', get_post($id)->post_content);
    }

    public function test_the_same_content_under_a_new_key_changes_nothing_but_the_applied_time(): void
    {
        $this->delivered(array('occurred_at' => '2026-05-04T00:00:00Z'), 'job_1');

        $this->assert_answer(200, 'unchanged', $this->deliver(array('occurred_at' => '2026-05-06T00:00:00Z'), 'job_2'));
        $between = array('summary' => 'Between', 'occurred_at' => '2026-05-05T00:00:00Z');
        $this->assert_answer(200, 'superseded', $this->deliver($between, 'job_3'));
    }

    public function test_a_delivery_without_a_time_is_applied_and_leaves_the_applied_time(): void
    {
        $this->delivered(array('occurred_at' => '2026-05-04T00:00:00Z'), 'job_1');

        $this->assert_answer(200, 'updated', $this->deliver(array('summary' => 'Timeless'), 'job_2'));
        $old = array('summary' => 'Old', 'occurred_at' => '2026-05-03T00:00:00Z');
        $this->assert_answer(200, 'superseded', $this->deliver($old, 'job_3'));
    }

    public function test_ids_that_differ_in_case_only_are_two_results(): void
    {
        $this->assertNotSame(
            $this->delivered(array('external_id' => 'evt_aB')),
            $this->delivered(array('external_id' => 'evt_Ab'))
        );
    }

    public function test_quotes_and_backslashes_arrive_as_they_were_sent(): void
    {
        $id = $this->delivered(array(
            'external_id' => 'C:\\new "x" %41',
            'title'       => 'It\'s a "title" \\o/',
            'summary'     => 'Path C:\\temp and \\"quotes\\"',
            'metadata'    => array('path' => 'a\\b"c', 'deep' => array('n' => 1.5, 'yes' => true, 'no' => null)),
        ));

        $this->assertSame('It\'s a "title" \\o/', get_post($id)->post_title);
        $this->assertSame('Path C:\\temp and \\"quotes\\"', get_post($id)->post_content);
        $this->assertSame('C:\\new "x" %41', get_post_meta($id, '_tidegate_external_id', true));
        $this->assertSame(
            array('path' => 'a\\b"c', 'deep' => array('n' => 1.5, 'yes' => true, 'no' => null)),
            json_decode(get_post_meta($id, '_tidegate_metadata', true), true)
        );
    }

    public function test_scripts_handlers_and_dangerous_addresses_are_gone(): void
    {
        $id = $this->delivered(array(
            'title'     => 'Good <script>alert(1)</script>title',
            'summary'   => '<p onclick="steal()">Fine</p><script>alert(1)</script><iframe src="//x"></iframe>',
            'event_id'  => 'evt<script>alert(1)</script>_1',
            'metadata'  => array('note' => '<script>alert(1)</script>kept'),
            'artifacts' => array(
                array('url' => 'javascript:alert(1)', 'name' => 'bad'),
                array('url' => 'https://files.test/a.pdf', 'name' => '<b>Report</b>', 'type' => 'application/pdf'),
            ),
        ));

        $post = get_post($id);
        $this->assertSame('<p>Fine</p>', $post->post_content);
        $this->assertSame('Good title', $post->post_title);
        $this->assertSame('evt_1', get_post_meta($id, '_tidegate_event_id', true));
        $this->assertSame('{"note":"kept"}', get_post_meta($id, '_tidegate_metadata', true));
        $this->assertSame(
            array(array('url' => 'https://files.test/a.pdf', 'name' => 'Report', 'type' => 'application/pdf')),
            json_decode(get_post_meta($id, '_tidegate_artifacts', true), true)
        );
    }

    public function test_even_an_administrator_cannot_deliver_a_script(): void
    {
        $this->log_in('administrator');
        $this->assertSame('safe', get_post($this->delivered(
            array('summary' => 'safe<script>alert(1)</script>')
        ))->post_content);
    }

    public function test_every_trace_that_changed_a_post_is_kept(): void
    {
        $id = $this->delivered(array('trace_id' => 't1'), 'job_1');
        $this->delivered(array('trace_id' => 't2', 'summary' => 'Two'), 'job_2');
        $this->delivered(array('trace_id' => 't2', 'summary' => 'Three'), 'job_3');

        $this->assertSame(array('t1', 't2'), get_post_meta($id, '_tidegate_trace_id'));
    }

    public function test_a_site_decides_the_status_of_new_results(): void
    {
        update_option('tidegate_post_status', 'pending');
        $this->assertSame('pending', get_post_status($this->delivered(array('external_id' => 'a'))));

        add_filter('tidegate_post_status', static function (string $status, array $delivery): string {
            return $delivery['external_id'] === 'b' ? 'publish' : $status;
        }, 10, 2);
        $this->assertSame('publish', get_post_status($this->delivered(array('external_id' => 'b'))));
        $this->assertSame('pending', get_post_status($this->delivered(array('external_id' => 'c'))));
    }

    public function test_an_account_that_may_not_publish_leaves_a_result_for_review(): void
    {
        update_option('tidegate_post_status', 'publish');
        $this->log_in('contributor');
        $this->assertSame('pending', get_post_status($this->delivered()));
    }

    public function test_a_row_left_without_a_post_is_taken_over_once_its_lease_ended(): void
    {
        $ledger = new Ledger();
        $ledger->reserve('order-7');
        $ledger->lease('order-7');
        $this->tamper('order-7', array('lease_until' => time() - 60));

        $this->assert_answer(201, 'created', $this->deliver());
        $this->assertSame(1, $this->posts_of('order-7'));
    }

    public function test_a_post_that_the_ledger_does_not_know_is_found_again_instead_of_made_twice(): void
    {
        $id = $this->delivered(array(), 'job_1');
        // As if the process had died after the post was written: no meta, no note in the ledger.
        foreach (array_keys(get_post_meta($id)) as $key) {
            delete_post_meta($id, $key);
        }
        $this->tamper('order-7', array('post_id' => 0, 'seen_keys' => '', 'body_hash' => '', 'occurred_at' => 0));

        $answer = $this->deliver(array(), 'job_1');
        $this->assert_answer(201, 'created', $answer);
        $this->assertSame($id, $answer->get_data()['post_id']);
        $this->assertSame('order-7', get_post_meta($id, '_tidegate_external_id', true));
    }

    public function test_a_sender_is_asked_to_come_again_while_another_delivery_is_at_work(): void
    {
        $ledger = new Ledger();
        $ledger->reserve('order-7');
        $ledger->lease('order-7');

        $error = (new Ingest(0.1))->apply(Delivery::from_request(array('external_id' => 'order-7'), ''));
        $this->assertSame('tidegate_busy', $error->get_error_code());
        $this->assertSame(array('status' => 409, 'retry_after' => 2), $error->get_error_data());
        $this->assertSame(0, $this->posts_of('order-7'));
    }

    public function test_a_process_that_lost_its_lease_takes_its_post_away_again(): void
    {
        $other = $this->delivered(array('external_id' => 'other'));
        add_action('save_post_tidegate_result', function () use ($other): void {
            $this->tamper('order-7', array('lease_token' => 'somebody else', 'post_id' => $other));
        });

        $answer = $this->deliver();
        $this->assert_refused(409, 'tidegate_busy', $answer);
        $this->assertSame('2', $answer->get_headers()['Retry-After']);
        $this->assertSame(0, $this->posts_of('order-7'));
    }

    public function test_a_post_that_cannot_be_saved_is_a_temporary_failure_and_frees_its_turn(): void
    {
        add_filter('wp_insert_post_empty_content', '__return_true');
        $this->assert_refused(500, 'tidegate_not_saved', $this->deliver());

        remove_filter('wp_insert_post_empty_content', '__return_true');
        $this->assert_answer(201, 'created', $this->deliver());
    }

    public function test_a_deleted_post_is_not_brought_back_by_a_repetition_but_by_a_newer_delivery(): void
    {
        $id = $this->delivered(array(), 'job_1');
        wp_delete_post($id, true);

        $again = $this->deliver(array(), 'job_1');
        $this->assert_answer(200, 'unchanged', $again);
        $this->assertSame('', $again->get_data()['link']);
        $this->assert_answer(201, 'created', $this->deliver(array('summary' => 'New'), 'job_2'));
    }

    public function test_a_delivery_calls_nobody(): void
    {
        $calls = 0;
        add_filter('pre_http_request', static function ($answer) use (&$calls) {
            $calls++;
            return $answer;
        });
        update_option('tidegate_post_status', 'publish');
        $this->delivered(array('summary' => '<a href="https://elsewhere.test/">link</a>'));
        $this->assertSame(0, $calls);
    }
}
