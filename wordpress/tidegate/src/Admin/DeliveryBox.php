<?php

/**
 * The box beside a result in the editor: where it came from and what files came with it. Only shows, changes nothing.
 */

namespace Tidegate\Admin;

use Tidegate\ResultPostType;
use WP_Post;

final class DeliveryBox
{
    public static function register(): void
    {
        add_action('add_meta_boxes_' . ResultPostType::NAME, array(self::class, 'add'));
    }

    public static function add(): void
    {
        add_meta_box(
            'tidegate-delivery',
            __('Delivery', 'tidegate'),
            array(self::class, 'show'),
            ResultPostType::NAME,
            'side'
        );
    }

    public static function show(WP_Post $post): void
    {
        $rows = array(
            ResultPostType::META_STATUS      => __('State', 'tidegate'),
            ResultPostType::META_JOB_ID      => __('Job', 'tidegate'),
            ResultPostType::META_EVENT_ID    => __('Source event', 'tidegate'),
            ResultPostType::META_EXTERNAL_ID => __('External id', 'tidegate'),
            ResultPostType::META_TRACE_ID    => __('Traces', 'tidegate'),
        );
        echo '<dl>';
        foreach ($rows as $key => $label) {
            $text = implode(', ', array_filter(get_post_meta($post->ID, $key)));
            if ($text !== '') {
                echo '<dt><strong>' . esc_html($label) . '</strong></dt>';
                echo '<dd style="margin:0 0 .5em;overflow-wrap:anywhere">' . esc_html($text) . '</dd>';
            }
        }
        echo '</dl>';
        self::artifacts((string) get_post_meta($post->ID, ResultPostType::META_ARTIFACTS, true));
    }

    private static function artifacts(string $json): void
    {
        $artifacts = json_decode($json, true);
        if (!is_array($artifacts) || $artifacts === array()) {
            return;
        }
        echo '<p><strong>' . esc_html__('Files', 'tidegate') . '</strong></p><ul>';
        foreach ($artifacts as $artifact) {
            $name = $artifact['name'] !== '' ? $artifact['name'] : $artifact['url'];
            printf(
                '<li><a href="%s" rel="noopener noreferrer" target="_blank">%s</a> %s</li>',
                esc_url($artifact['url'], array('http', 'https')),
                esc_html($name),
                esc_html($artifact['type'])
            );
        }
        echo '</ul>';
    }
}
