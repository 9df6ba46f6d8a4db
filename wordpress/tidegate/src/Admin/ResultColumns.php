<?php

/**
 * The columns of the list of results: what state the work was in, which event it came from, when it was received.
 */

namespace Tidegate\Admin;

use Tidegate\ResultPostType;

final class ResultColumns
{
    public static function register(): void
    {
        add_filter('manage_' . ResultPostType::NAME . '_posts_columns', array(self::class, 'columns'));
        add_action('manage_' . ResultPostType::NAME . '_posts_custom_column', array(self::class, 'cell'), 10, 2);
    }

    /**
     * @param array<string, string> $columns
     * @return array<string, string>
     */
    public static function columns(array $columns): array
    {
        $own = array(
            'tidegate_state'    => __('State', 'tidegate'),
            'tidegate_event'    => __('Source event', 'tidegate'),
            'tidegate_received' => __('Received', 'tidegate'),
        );
        $date = array_intersect_key($columns, array('date' => true));
        return array_diff_key($columns, $date) + $own + $date;
    }

    public static function cell(string $column, int $post_id): void
    {
        switch ($column) {
            case 'tidegate_state':
                self::text(get_post_meta($post_id, ResultPostType::META_STATUS, true));
                break;
            case 'tidegate_event':
                self::text(get_post_meta($post_id, ResultPostType::META_EVENT_ID, true));
                break;
            case 'tidegate_received':
                $time = strtotime((string) get_post_meta($post_id, ResultPostType::META_RECEIVED_AT, true));
                self::text($time ? wp_date(get_option('date_format') . ' ' . get_option('time_format'), $time) : '');
                break;
        }
    }

    private static function text(string $text): void
    {
        echo $text === ''
            ? '<span aria-hidden="true">—</span><span class="screen-reader-text">'
                . esc_html__('unknown', 'tidegate') . '</span>'
            : esc_html($text);
    }
}
