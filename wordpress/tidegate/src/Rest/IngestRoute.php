<?php

/**
 * POST /tidegate/v1/ingest: takes one delivery, hands it to Ingest\Ingest and says what became of it.
 * Owns the words on the wire; makes no call to anywhere.
 */

namespace Tidegate\Rest;

use Tidegate\Ingest\Delivery;
use Tidegate\Ingest\Ingest;
use Tidegate\Ingest\Outcome;
use WP_Error;
use WP_REST_Request;
use WP_REST_Response;

final class IngestRoute
{
    public const BASE = 'tidegate/v1';

    public static function register(): void
    {
        register_rest_route(self::BASE, '/ingest', array(
            'methods'             => 'POST',
            'callback'            => array(self::class, 'take'),
            'permission_callback' => array(Access::class, 'check'),
            'args'                => IngestArgs::all(),
        ));
    }

    /** @return WP_REST_Response|WP_Error */
    public static function take(WP_REST_Request $request)
    {
        if (strlen((string) $request->get_body()) > IngestArgs::BODY_BYTES) {
            return new WP_Error(
                'tidegate_too_large',
                __('A delivery may have at most 1 MiB.', 'tidegate'),
                array('status' => 413)
            );
        }
        $answer = self::apply($request, new Ingest());
        return is_wp_error($answer) ? $answer : BatchRoute::tell($answer);
    }

    /**
     * Applies a delivery whose fields were validated.
     *
     * @return WP_REST_Response|WP_Error
     */
    public static function apply(WP_REST_Request $request, Ingest $ingest)
    {
        $key = trim((string) $request->get_header('idempotency_key'));
        if (!preg_match('/^[\x20-\x7e]{0,' . IngestArgs::ID_LENGTH . '}$/', $key)) {
            return self::bad_key();
        }
        $outcome = $ingest->apply(Delivery::from_request($request->get_params(), $key));
        return is_wp_error($outcome) ? self::refusal($outcome) : self::answer($outcome);
    }

    public static function bad_key(): WP_Error
    {
        return new WP_Error(
            'tidegate_bad_idempotency_key',
            __('Idempotency-Key must be at most 191 printable ASCII characters.', 'tidegate'),
            array('status' => 400)
        );
    }

    private static function answer(Outcome $outcome): WP_REST_Response
    {
        $exists = get_post($outcome->post_id) !== null;
        return new WP_REST_Response(
            array(
                'post_id'       => $outcome->post_id,
                $outcome->what  => true,
                'link'          => $exists ? (string) get_permalink($outcome->post_id) : '',
                // Built by hand: get_edit_post_link() is silent for an account that may deliver but not edit.
                'edit_link'     => $exists ? admin_url('post.php?post=' . $outcome->post_id . '&action=edit') : '',
            ),
            $outcome->what === Outcome::CREATED ? 201 : 200
        );
    }

    /** @return WP_REST_Response|WP_Error an error, with Retry-After when waiting helps */
    public static function refusal(WP_Error $error)
    {
        $data = (array) $error->get_error_data();
        if (empty($data['retry_after'])) {
            return $error;
        }
        $response = rest_convert_error_to_response($error);
        $response->header('Retry-After', (string) $data['retry_after']);
        return $response;
    }
}
