<?php

/**
 * Decides what a delivery does: creates the post of its external id, updates it, or leaves it alone.
 * Requests for one external id take turns through the ledger's lease, so each sees what the one before did.
 */

namespace Tidegate\Ingest;

use WP_Error;

final class Ingest
{
    /** A request waits so long for its turn before the sender is asked to come again. */
    private const WAIT_SECONDS = 8.0;
    private const RETRY_AFTER = 2;

    private Ledger $ledger;
    private ResultPosts $posts;
    private float $wait;

    public function __construct(float $wait_seconds = self::WAIT_SECONDS)
    {
        $this->ledger = new Ledger();
        $this->posts = new ResultPosts();
        $this->wait = $wait_seconds;
    }

    /** @return Outcome|WP_Error */
    public function apply(Delivery $delivery)
    {
        $item = $this->ledger->find($delivery->external_id);
        if ($item !== null && $item->post_id > 0 && $item->has_seen($delivery->idempotency_key)) {
            return new Outcome($item->post_id, Outcome::UNCHANGED);
        }
        if ($item === null && !$this->ledger->reserve($delivery->external_id)) {
            return $this->try_later('tidegate_not_stored', __('The database did not answer.', 'tidegate'), 503);
        }
        $token = $this->wait_for_turn($delivery->external_id);
        if ($token === null) {
            return $this->try_later(
                'tidegate_busy',
                __('Another delivery for this external_id is being worked on.', 'tidegate'),
                409
            );
        }
        try {
            return $this->decide($delivery, $token);
        } finally {
            // Without effect after a settlement; ends the lease early after an error.
            $this->ledger->release($delivery->external_id, $token);
        }
    }

    private function wait_for_turn(string $external_id): ?string
    {
        $until = microtime(true) + $this->wait;
        do {
            $token = $this->ledger->lease($external_id);
            if ($token !== null) {
                return $token;
            }
            usleep(random_int(20000, 60000));
        } while (microtime(true) < $until);
        return null;
    }

    /** @return Outcome|WP_Error */
    private function decide(Delivery $delivery, string $token)
    {
        $item = $this->ledger->find($delivery->external_id);
        if ($item === null) {
            return $this->try_later('tidegate_not_stored', __('The item is gone from the database.', 'tidegate'), 503);
        }
        $applied = $item->post_id > 0;
        if ($applied && $item->has_seen($delivery->idempotency_key)) {
            return new Outcome($item->post_id, Outcome::UNCHANGED);
        }
        if ($applied && $delivery->occurred_at !== null && $delivery->occurred_at < $item->occurred_at) {
            return new Outcome($item->post_id, Outcome::SUPERSEDED);
        }
        $post_id = $applied ? $item->post_id : $this->posts->find($delivery->external_id);
        if ($post_id === 0 || get_post($post_id) === null) {
            return $this->create($delivery, $item, $token);
        }
        if (!$this->may_change($post_id)) {
            return new WP_Error(
                'tidegate_forbidden',
                __('This account may not change the post of this external_id.', 'tidegate'),
                array('status' => 403)
            );
        }
        if ($applied && $item->body_hash === $delivery->body_hash()) {
            return $this->settle($delivery, $item, $token, $post_id, Outcome::UNCHANGED);
        }
        $saved = $this->posts->update($post_id, $delivery);
        if (is_wp_error($saved)) {
            return $this->not_saved($saved);
        }
        return $this->settle($delivery, $item, $token, $post_id, $applied ? Outcome::UPDATED : Outcome::CREATED);
    }

    /** @return Outcome|WP_Error */
    private function create(Delivery $delivery, Item $item, string $token)
    {
        $post_id = $this->posts->create($delivery);
        if (is_wp_error($post_id)) {
            return $this->not_saved($post_id);
        }
        $outcome = $this->settle($delivery, $item, $token, $post_id, Outcome::CREATED);
        if (is_wp_error($outcome)) {
            // The turn was lost while the post was being saved. Whoever has it now found this post, or made another.
            $now = $this->ledger->find($delivery->external_id);
            if ($now !== null && $now->post_id > 0 && $now->post_id !== $post_id) {
                wp_delete_post($post_id, true);
            }
        }
        return $outcome;
    }

    /** @return Outcome|WP_Error */
    private function settle(Delivery $delivery, Item $item, string $token, int $post_id, string $what)
    {
        if ($this->ledger->settle($token, $item, $delivery, $post_id)) {
            return new Outcome($post_id, $what);
        }
        return $this->try_later('tidegate_busy', __('Saving took too long and was interrupted.', 'tidegate'), 409);
    }

    /** Its own posts an account may always bring up to date; other people's only with the right to edit them. */
    private function may_change(int $post_id): bool
    {
        return (int) get_post_field('post_author', $post_id) === get_current_user_id()
            || current_user_can('edit_post', $post_id);
    }

    private function not_saved(WP_Error $why): WP_Error
    {
        return $this->try_later('tidegate_not_saved', $why->get_error_message(), 500);
    }

    private function try_later(string $code, string $message, int $status): WP_Error
    {
        return new WP_Error($code, $message, array('status' => $status, 'retry_after' => self::RETRY_AFTER));
    }
}
