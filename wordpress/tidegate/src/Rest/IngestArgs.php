<?php

/**
 * What a delivery may contain: types and sizes, checked by WordPress before the route runs.
 */

namespace Tidegate\Rest;

use Tidegate\Ingest\Moment;
use WP_Error;

final class IngestArgs
{
    public const ID_LENGTH = 191;
    public const BODY_BYTES = 1048576;
    private const METADATA_BYTES = 16384;

    /** @return array<string, array<string, mixed>> */
    public static function all(): array
    {
        $args = array(
            'external_id' => self::text(self::ID_LENGTH, array('required' => true, 'minLength' => 1)),
            'job_id'      => self::text(self::ID_LENGTH),
            'event_id'    => self::text(self::ID_LENGTH),
            'trace_id'    => self::text(self::ID_LENGTH),
            'status'      => self::text(40),
            'title'       => self::text(500),
            'summary'     => self::text(65536),
            'content'     => self::text(524288),
            'source'      => array('type' => 'string', 'enum' => array('tidegate')),
            'artifacts'   => self::artifacts(),
            'metadata'    => array('type' => 'object'),
            'occurred_at' => self::text(40),
        );
        foreach ($args as $name => $arg) {
            // Values stay as they came: Ingest\Delivery cleans each one for the place it goes to.
            $args[$name] += array('validate_callback' => 'rest_validate_request_arg', 'sanitize_callback' => null);
        }
        $args['occurred_at']['validate_callback'] = array(self::class, 'check_moment');
        $args['metadata']['validate_callback'] = array(self::class, 'check_metadata');
        $args['external_id']['validate_callback'] = array(self::class, 'check_external_id');
        return $args;
    }

    /**
     * @param mixed $value
     * @return true|WP_Error
     */
    public static function check_external_id($value, $request, string $name)
    {
        $valid = rest_validate_request_arg($value, $request, $name);
        if (is_wp_error($valid)) {
            return $valid;
        }
        if (!preg_match('/^[^\p{C}<>]+$/Du', $value) || trim($value) !== $value) {
            return self::invalid(__('external_id must be plain text on one line, without < and >.', 'tidegate'));
        }
        return true;
    }

    /**
     * @param mixed $value
     * @return true|WP_Error
     */
    public static function check_moment($value)
    {
        if (!is_string($value) || Moment::parse($value) === null) {
            return self::invalid(
                __('occurred_at must be an RFC 3339 date and time, such as 2026-05-04T03:02:01.5Z.', 'tidegate')
            );
        }
        return true;
    }

    /**
     * @param mixed $value
     * @return true|WP_Error
     */
    public static function check_metadata($value, $request, string $name)
    {
        $valid = rest_validate_request_arg($value, $request, $name);
        if (is_wp_error($valid)) {
            return $valid;
        }
        if (strlen((string) wp_json_encode($value)) > self::METADATA_BYTES) {
            return self::invalid(__('metadata must be at most 16 KiB of JSON.', 'tidegate'));
        }
        return true;
    }

    /** @return array<string, mixed> */
    private static function artifacts(): array
    {
        return array(
            'type'     => 'array',
            'maxItems' => 50,
            'items'    => array(
                'type'       => 'object',
                'properties' => array(
                    'url'  => array('type' => 'string', 'maxLength' => 2048, 'required' => true),
                    'name' => array('type' => 'string', 'maxLength' => 300),
                    'type' => array('type' => 'string', 'maxLength' => 100),
                ),
            ),
        );
    }

    /**
     * @param array<string, mixed> $more
     * @return array<string, mixed>
     */
    private static function text(int $length, array $more = array()): array
    {
        return $more + array('type' => 'string', 'maxLength' => $length);
    }

    private static function invalid(string $message): WP_Error
    {
        return new WP_Error('rest_invalid_param', $message, array('status' => 400));
    }
}
