<?php

/**
 * The post type of AI results, and the names of the meta fields that say where a result came from.
 */

namespace Tidegate;

final class ResultPostType
{
    public const NAME = 'tidegate_result';

    public const META_EXTERNAL_ID = '_tidegate_external_id';
    public const META_JOB_ID = '_tidegate_job_id';
    public const META_EVENT_ID = '_tidegate_event_id';
    public const META_STATUS = '_tidegate_status';
    public const META_OCCURRED_AT = '_tidegate_occurred_at';
    public const META_RECEIVED_AT = '_tidegate_received_at';
    public const META_ARTIFACTS = '_tidegate_artifacts';
    public const META_METADATA = '_tidegate_metadata';
    /** One value for each trace that changed the post. */
    public const META_TRACE_ID = '_tidegate_trace_id';

    public static function register(): void
    {
        register_post_type(self::NAME, array(
            'labels'          => self::labels(),
            'description'     => __('Results that Tidegate delivered.', 'tidegate'),
            'public'          => true,
            'show_in_rest'    => true,
            'rest_base'       => 'tidegate-results',
            'menu_icon'       => 'dashicons-download',
            'menu_position'   => 26,
            'rewrite'         => array('slug' => 'ai-results'),
            'supports'        => array('title', 'editor', 'excerpt', 'author', 'revisions', 'thumbnail'),
            'capability_type' => array('tidegate_result', 'tidegate_results'),
            'map_meta_cap'    => true,
            // Results come from deliveries, not from an empty form.
            'capabilities'    => array('create_posts' => 'do_not_allow'),
        ));
    }

    /** @return array<string, string> */
    private static function labels(): array
    {
        return array(
            'name'               => __('AI results', 'tidegate'),
            'singular_name'      => __('AI result', 'tidegate'),
            'menu_name'          => __('AI results', 'tidegate'),
            'all_items'          => __('All AI results', 'tidegate'),
            'edit_item'          => __('Edit AI result', 'tidegate'),
            'view_item'          => __('View AI result', 'tidegate'),
            'view_items'         => __('View AI results', 'tidegate'),
            'search_items'       => __('Search AI results', 'tidegate'),
            'not_found'          => __('No AI results yet. They appear here as Tidegate delivers them.', 'tidegate'),
            'not_found_in_trash' => __('No AI results in the bin.', 'tidegate'),
        );
    }
}
