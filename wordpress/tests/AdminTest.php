<?php

/**
 * What editors see of a result.
 */

namespace Tidegate\Tests;

use Tidegate\Admin\DeliveryBox;
use Tidegate\Admin\SettingsFields;

final class AdminTest extends PluginTestCase
{
    public function test_the_list_shows_state_event_and_time_before_the_date(): void
    {
        $columns = apply_filters('manage_tidegate_result_posts_columns', array('title' => 'Title', 'date' => 'Date'));
        $this->assertSame(
            array('title', 'tidegate_state', 'tidegate_event', 'tidegate_received', 'date'),
            array_keys($columns)
        );

        $id = $this->delivered(array('status' => 'succeeded', 'event_id' => 'evt_1'));
        $this->assertSame('succeeded', $this->cell('tidegate_state', $id));
        $this->assertSame('evt_1', $this->cell('tidegate_event', $id));
        $this->assertStringContainsString(wp_date('Y'), $this->cell('tidegate_received', $id));
    }

    public function test_a_missing_value_is_shown_as_unknown(): void
    {
        $this->assertStringContainsString('unknown', $this->cell('tidegate_event', $this->delivered()));
    }

    public function test_the_box_in_the_editor_escapes_what_it_shows(): void
    {
        $artifact = array('url' => 'https://files.test/?a=1&b=2', 'name' => 'A & B');
        $id = $this->delivered(array('artifacts' => array($artifact)));
        update_post_meta($id, '_tidegate_job_id', '<img src=x>');

        ob_start();
        DeliveryBox::show(get_post($id));
        $html = ob_get_clean();
        $this->assertStringContainsString('&lt;img src=x&gt;', $html);
        $this->assertStringContainsString('href="https://files.test/?a=1&#038;b=2"', $html);
        $this->assertStringContainsString('A &amp; B', $html);
    }

    public function test_the_settings_show_what_is_set_and_refuse_an_unknown_status(): void
    {
        SettingsFields::add();
        update_option('tidegate_post_status', 'nonsense');
        $this->assertSame('draft', get_option('tidegate_post_status'));
        update_option('tidegate_post_status', 'pending');

        ob_start();
        SettingsFields::show_status();
        SettingsFields::show_delete();
        $html = ob_get_clean();
        $this->assertMatchesRegularExpression('/value="pending"\s+selected/', $html);
        $this->assertStringContainsString('type="checkbox"', $html);
    }

    private function cell(string $column, int $id): string
    {
        ob_start();
        do_action('manage_tidegate_result_posts_custom_column', $column, $id);
        return (string) ob_get_clean();
    }
}
