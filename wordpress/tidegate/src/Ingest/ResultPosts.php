<?php

/**
 * Turns deliveries into posts: which field goes where, and how a post is found again by its external id alone.
 */

namespace Tidegate\Ingest;

use Tidegate\Options;
use Tidegate\ResultPostType;
use WP_Error;

final class ResultPosts
{
    /**
     * The post of an external id that the ledger does not know about, left by a process that died in between.
     * The guid is written in the same statement as the post, so there is no post without it.
     */
    public function find(string $external_id): int
    {
        global $wpdb;
        return (int) $wpdb->get_var($wpdb->prepare(
            "SELECT ID FROM {$wpdb->posts} WHERE post_type = %s AND guid = %s ORDER BY ID LIMIT 1",
            ResultPostType::NAME,
            self::guid($external_id)
        ));
    }

    /** @return int|WP_Error */
    public function create(Delivery $delivery)
    {
        $status = Options::post_status(get_object_vars($delivery));
        if ($status === 'publish' && !current_user_can('publish_posts')) {
            $status = 'pending';
        }
        return $this->save($delivery, array(
            'post_type'   => ResultPostType::NAME,
            'post_status' => $status,
            'post_author' => get_current_user_id(),
            'guid'        => self::guid($delivery->external_id),
        ));
    }

    /**
     * Status, author and address stay as the editors left them; what they wrote is kept as a revision.
     *
     * @return int|WP_Error
     */
    public function update(int $post_id, Delivery $delivery)
    {
        return $this->save($delivery, array('ID' => $post_id));
    }

    /**
     * @param array<string, mixed> $post
     * @return int|WP_Error
     */
    private function save(Delivery $delivery, array $post)
    {
        $post += array(
            'post_title'   => $this->title($delivery),
            'post_content' => $delivery->content !== '' ? $delivery->content : $delivery->summary,
            'post_excerpt' => wp_trim_words($delivery->summary, 55),
            'meta_input'   => $this->meta($delivery),
        );
        $post_id = isset($post['ID']) ? wp_update_post(wp_slash($post), true) : wp_insert_post(wp_slash($post), true);
        if (!is_wp_error($post_id) && $delivery->trace_id !== '') {
            $this->keep_trace($post_id, $delivery->trace_id);
        }
        return $post_id;
    }

    private function title(Delivery $delivery): string
    {
        if ($delivery->title !== '') {
            return $delivery->title;
        }
        $start = wp_trim_words($delivery->summary, 12);
        return $start !== '' ? $start : $delivery->external_id;
    }

    /** @return array<string, string> */
    private function meta(Delivery $delivery): array
    {
        return array(
            ResultPostType::META_EXTERNAL_ID => $delivery->external_id,
            ResultPostType::META_JOB_ID      => $delivery->job_id,
            ResultPostType::META_EVENT_ID    => $delivery->event_id,
            ResultPostType::META_STATUS      => $delivery->status,
            ResultPostType::META_OCCURRED_AT => $delivery->occurred_text,
            ResultPostType::META_RECEIVED_AT => gmdate('Y-m-d\TH:i:s\Z'),
            ResultPostType::META_ARTIFACTS   => (string) wp_json_encode($delivery->artifacts),
            ResultPostType::META_METADATA    => (string) wp_json_encode((object) $delivery->metadata),
        );
    }

    private function keep_trace(int $post_id, string $trace_id): void
    {
        $known = get_post_meta($post_id, ResultPostType::META_TRACE_ID);
        if (!in_array($trace_id, $known, true)) {
            add_post_meta($post_id, ResultPostType::META_TRACE_ID, wp_slash($trace_id));
        }
    }

    private static function guid(string $external_id): string
    {
        return 'urn:tidegate:' . Ledger::key($external_id);
    }
}
