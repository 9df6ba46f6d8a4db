<?php

/**
 * What the ingest route refuses before it touches anything.
 */

namespace Tidegate\Tests;

final class ValidationTest extends PluginTestCase
{
    /**
     * @dataProvider refused
     * @param array<string, mixed> $fields
     */
    public function test_a_delivery_is_refused_with_400_when_it_has(array $fields): void
    {
        global $wpdb;
        $this->assert_refused(400, 'rest_invalid_param', $this->deliver($fields));
        $this->assertSame('0', $wpdb->get_var('SELECT COUNT(*) FROM ' . \Tidegate\Schema::table()));
    }

    /** @return array<string, array<int, array<string, mixed>>> */
    public function refused(): array
    {
        $artifact = array('url' => 'https://files.test/a');
        return array(
            'an over-long external id'   => array(array('external_id' => str_repeat('x', 192))),
            'an empty external id'       => array(array('external_id' => '')),
            'markup in the external id'  => array(array('external_id' => 'a<b>')),
            'a line break in the id'     => array(array('external_id' => "a\nb")),
            'a number as external id'    => array(array('external_id' => array(1))),
            'a word as time'             => array(array('occurred_at' => 'yesterday')),
            'a time without a zone'      => array(array('occurred_at' => '2026-05-04T03:02:01')),
            'a day that does not exist'  => array(array('occurred_at' => '2026-02-30T00:00:00Z')),
            'an hour that is none'       => array(array('occurred_at' => '2026-02-03T24:00:00Z')),
            'an over-long title'         => array(array('title' => str_repeat('x', 501))),
            'an over-long summary'       => array(array('summary' => str_repeat('x', 65537))),
            'another source'             => array(array('source' => 'elsewhere')),
            'too many artifacts'         => array(array('artifacts' => array_fill(0, 51, $artifact))),
            'an artifact without url'    => array(array('artifacts' => array(array('name' => 'a')))),
            'text as metadata'           => array(array('metadata' => 'text')),
            'too much metadata'          => array(array('metadata' => array('a' => str_repeat('x', 16384)))),
        );
    }

    public function test_a_delivery_without_external_id_is_refused(): void
    {
        $this->assert_refused(400, 'rest_missing_callback_param', $this->deliver(array('external_id' => null)));
    }

    public function test_an_external_id_may_have_191_characters_of_any_language(): void
    {
        $this->assert_answer(201, 'created', $this->deliver(array('external_id' => str_repeat('ß', 191))));
        $this->assert_answer(200, 'unchanged', $this->deliver(array('external_id' => str_repeat('ß', 191))));
    }

    public function test_a_body_over_one_mebibyte_is_refused_with_413(): void
    {
        $this->assert_refused(413, 'tidegate_too_large', $this->deliver(array('unknown' => str_repeat('x', 1048576))));
    }

    public function test_an_over_long_idempotency_key_is_refused(): void
    {
        $this->assert_refused(400, 'tidegate_bad_idempotency_key', $this->deliver(array(), str_repeat('k', 192)));
    }

    public function test_fields_that_are_null_or_unknown_are_ignored(): void
    {
        $this->assert_answer(201, 'created', $this->deliver(
            array('job_id' => null, 'occurred_at' => null, 'metadata' => null, 'artifacts' => null, 'future' => 1)
        ));
    }
}
