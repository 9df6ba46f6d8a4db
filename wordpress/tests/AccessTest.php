<?php

/**
 * Who may deliver, who may change what, and who sees results.
 */

namespace Tidegate\Tests;

use WP_REST_Request;

final class AccessTest extends PluginTestCase
{
    public function test_without_login_a_delivery_is_answered_401(): void
    {
        wp_set_current_user(0);
        $this->assert_refused(401, 'tidegate_not_logged_in', $this->deliver());
        $this->assertSame(0, $this->posts_of('order-7'));
    }

    public function test_an_account_that_may_not_edit_posts_is_answered_403(): void
    {
        $this->log_in('subscriber');
        $this->assert_refused(403, 'tidegate_forbidden', $this->deliver());
        $this->assertSame(0, $this->posts_of('order-7'));
    }

    public function test_an_author_may_deliver_and_bring_its_own_result_up_to_date(): void
    {
        $this->log_in('author');
        $this->assert_answer(201, 'created', $this->deliver(array(), 'job_1'));
        $this->assert_answer(200, 'updated', $this->deliver(array('summary' => 'New'), 'job_2'));
    }

    public function test_an_author_may_not_change_what_another_account_delivered(): void
    {
        $id = $this->delivered(array(), 'job_1');
        $this->log_in('author');
        $this->assert_refused(403, 'tidegate_forbidden', $this->deliver(array('summary' => 'Mine'), 'job_2'));
        $this->assertSame('A summary.', get_post($id)->post_content);
    }

    public function test_editors_see_edit_and_publish_results_and_authors_do_not(): void
    {
        $id = $this->delivered();
        $rights = array('editor' => true, 'administrator' => true, 'author' => false, 'subscriber' => false);
        foreach ($rights as $role => $may) {
            $this->log_in($role);
            $this->assertSame($may, current_user_can('edit_tidegate_results'), $role);
            $this->assertSame($may, current_user_can('edit_post', $id), $role);
            $this->assertSame($may, current_user_can('publish_tidegate_results'), $role);
            $this->assertSame($may, current_user_can('delete_post', $id), $role);
        }
    }

    public function test_nobody_writes_a_result_by_hand(): void
    {
        $this->log_in('administrator');
        $request = new WP_REST_Request('POST', '/wp/v2/tidegate-results');
        $request->set_body_params(array('title' => 'By hand'));
        $this->assertSame(403, rest_do_request($request)->get_status());
    }

    public function test_a_role_can_be_given_results_alone(): void
    {
        $user = get_user_by('id', $this->log_in('subscriber'));
        $user->add_cap('edit_tidegate_results');
        $this->assertTrue(user_can($user->ID, 'edit_tidegate_results'));
        $this->assertFalse(user_can($user->ID, 'edit_posts'));
    }

    public function test_the_status_route_reports_version_user_and_rights(): void
    {
        $this->log_in('author');
        $data = rest_do_request(new WP_REST_Request('GET', '/tidegate/v1/status'))->get_data();

        $this->assertSame('tidegate', $data['plugin']);
        $this->assertSame(TIDEGATE_VERSION, $data['version']);
        $this->assertTrue($data['ready']);
        $this->assertSame(array('author'), $data['user']['roles']);
        $this->assertTrue($data['user']['rights']['edit_posts']);
        $this->assertFalse($data['user']['rights']['edit_tidegate_results']);
    }

    public function test_the_status_route_is_closed_to_strangers(): void
    {
        wp_set_current_user(0);
        $this->assert_refused(
            401,
            'tidegate_not_logged_in',
            rest_do_request(new WP_REST_Request('GET', '/tidegate/v1/status'))
        );
    }
}
