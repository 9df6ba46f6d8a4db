<?php

/**
 * The names, defaults and allowed values of everything the plugin keeps as an option.
 */

namespace Tidegate;

final class Options
{
    public const SCHEMA = 'tidegate_schema';
    public const POST_STATUS = 'tidegate_post_status';
    public const DELETE_DATA = 'tidegate_delete_data';
    /** The gateway whose tokens are taken: what an administrator set, and its keys. Read by Token\Gateway. */
    public const GATEWAY = 'tidegate_gateway';
    public const KEYS = 'tidegate_keys';

    /** What a new result may start as. */
    public const STATUSES = array('draft', 'pending', 'private', 'publish');

    /**
     * The status of posts made for new results; nobody but an editor makes them public unless the site asks for it.
     *
     * @param array<string, mixed> $context the delivery, so that a filter can decide by its content
     */
    public static function post_status(array $context = array()): string
    {
        $status = (string) get_option(self::POST_STATUS, 'draft');

        /**
         * Filters the status of a post that is made for a new result.
         *
         * @param string $status  draft, pending, private or publish
         * @param array  $context fields of the delivery; empty when asked for outside of one
         */
        $status = apply_filters('tidegate_post_status', $status, $context);
        return self::known_status($status);
    }

    /** @param mixed $status */
    public static function known_status($status): string
    {
        return in_array($status, self::STATUSES, true) ? $status : 'draft';
    }

    public static function delete_data(): bool
    {
        return (bool) get_option(self::DELETE_DATA, false);
    }

    public static function delete_all(): void
    {
        delete_option(self::SCHEMA);
        delete_option(self::POST_STATUS);
        delete_option(self::DELETE_DATA);
        delete_option(self::GATEWAY);
        delete_option(self::KEYS);
    }
}
