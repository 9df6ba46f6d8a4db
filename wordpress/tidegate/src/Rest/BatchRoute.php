<?php

/**
 * POST /tidegate/v1/ingest/batch: several deliveries in one call, for gateways that have many at once. Each is taken as
 * Rest\IngestRoute takes it, one after the other, and is answered for itself: none depends on another.
 */

namespace Tidegate\Rest;

use Tidegate\Ingest\Ingest;
use Throwable;
use WP_Error;
use WP_REST_Request;
use WP_REST_Response;

final class BatchRoute
{
    /** Where every answer says how many deliveries a call may bring; absent where each comes alone. */
    public const HEADER = 'Tidegate-Batch';
    private const ITEMS = 50;
    private const BYTES = 4194304;
    /** What is not begun by then is asked to come again, so that the call ends while its sender still listens. */
    private const SECONDS = 15.0;
    /** Shorter than for a delivery that comes alone: the others of the call wait, too. */
    private const WAIT_SECONDS = 0.5;
    private const RETRY_AFTER = 1;

    public static function register(): void
    {
        if (self::offered() === 0) {
            return;
        }
        register_rest_route(IngestRoute::BASE, '/ingest/batch', array(
            'methods'             => 'POST',
            'callback'            => array(self::class, 'take'),
            'permission_callback' => array(Access::class, 'check'),
            'args'                => array(
                'items' => array(
                    'type'              => 'array',
                    'required'          => true,
                    'minItems'          => 1,
                    'maxItems'          => self::offered(),
                    'validate_callback' => 'rest_validate_request_arg',
                    // Each item is checked for itself.
                    'sanitize_callback' => null,
                ),
            ),
        ));
    }

    /** How many deliveries one call may bring; 0 where each has to come alone. */
    public static function offered(): int
    {
        /**
         * Filters how many deliveries one call may bring. Fewer than two switch such calls off.
         *
         * @param int $items at most 50
         */
        $items = (int) apply_filters('tidegate_batch', self::ITEMS);
        return $items < 2 ? 0 : min($items, self::ITEMS);
    }

    /** Says in an answer what is offered. */
    public static function tell(WP_REST_Response $response): WP_REST_Response
    {
        if (self::offered() > 0) {
            $response->header(self::HEADER, (string) self::offered());
        }
        return $response;
    }

    /** @return WP_REST_Response|WP_Error */
    public static function take(WP_REST_Request $request)
    {
        if (strlen((string) $request->get_body()) > self::BYTES) {
            return new WP_Error(
                'tidegate_too_large',
                __('A call may bring at most 4 MiB of deliveries.', 'tidegate'),
                array('status' => 413)
            );
        }
        $answers = self::answers(array_values($request['items']), self::SECONDS);
        return self::tell(new WP_REST_Response(array('items' => $answers)));
    }

    /**
     * @param array<int, mixed> $items
     * @return array<int, array<string, mixed>> what became of each, in the same order
     */
    public static function answers(array $items, float $seconds): array
    {
        $until = microtime(true) + $seconds;
        $args = IngestArgs::all();
        return array_map(static function ($item) use ($until, $args): array {
            $item = is_array($item) ? $item : array();
            $response = microtime(true) < $until ? self::one($item, $args) : self::out_of_time();
            $headers = $response->get_headers();
            return array_filter(array(
                'status'          => $response->get_status(),
                // Lets the sender see that an answer is about what it thinks it is about.
                'idempotency_key' => $item['idempotency_key'] ?? null,
                'retry_after'     => isset($headers['Retry-After']) ? (int) $headers['Retry-After'] : null,
            )) + (array) $response->get_data();
        }, $items);
    }

    /**
     * @param array<string, mixed> $item
     * @param array<string, array<string, mixed>> $args
     */
    private static function one(array $item, array $args): WP_REST_Response
    {
        $key = $item['idempotency_key'] ?? '';
        if (!is_string($key)) {
            return rest_convert_error_to_response(IngestRoute::bad_key());
        }
        $request = new WP_REST_Request('POST', '/' . IngestRoute::BASE . '/ingest');
        $request->set_attributes(array('args' => $args));
        $request->set_body_params($item);
        $request->set_header('idempotency_key', $key);
        $valid = $request->has_valid_params();
        try {
            $answer = is_wp_error($valid) ? $valid : IngestRoute::apply($request, new Ingest(self::WAIT_SECONDS));
        } catch (Throwable $fault) {
            // Another plugin's, most likely. It must not take the deliveries that come after this one with it.
            error_log('Tidegate: a delivery could not be saved: ' . $fault);
            $answer = IngestRoute::refusal(new WP_Error(
                'tidegate_not_saved',
                __('Saving was interrupted by an error of this site; its log says which.', 'tidegate'),
                array('status' => 500, 'retry_after' => self::RETRY_AFTER)
            ));
        }
        return is_wp_error($answer) ? rest_convert_error_to_response($answer) : $answer;
    }

    private static function out_of_time(): WP_REST_Response
    {
        return rest_ensure_response(IngestRoute::refusal(new WP_Error(
            'tidegate_not_begun',
            __('The deliveries before this one took too long.', 'tidegate'),
            array('status' => 503, 'retry_after' => self::RETRY_AFTER)
        )));
    }
}
