<?php

/**
 * All queries on {prefix}tidegate_tokens: which tokens were used, for as long as they would be believed. A token counts
 * once, or again for the very request it came with first, which a gateway may have to repeat.
 */

namespace Tidegate\Token;

use Tidegate\Schema;

final class Used
{
    /** One in so many uses clears away what has ended. */
    private const CLEAR = 50;

    /** @return bool|null whether the token may be used for this request; null when the database did not answer */
    public static function take(Token $token, string $request, int $now): ?bool
    {
        global $wpdb;
        $id = hash('sha256', $token->id);
        $request = $request === '' ? '' : hash('sha256', $request);
        $made = $wpdb->query($wpdb->prepare(
            'INSERT IGNORE INTO ' . Schema::tokens() . ' (token, request, until) VALUES (%s, %s, %d)',
            $id,
            $request,
            $token->until
        ));
        if ($made === false) {
            return null;
        }
        if ($made === 1) {
            if (random_int(1, self::CLEAR) === 1) {
                $wpdb->query($wpdb->prepare('DELETE FROM ' . Schema::tokens() . ' WHERE until < %d LIMIT 1000', $now));
            }
            return true;
        }
        $first = $wpdb->get_var($wpdb->prepare('SELECT request FROM ' . Schema::tokens() . ' WHERE token = %s', $id));
        return $request !== '' && is_string($first) && hash_equals($first, $request);
    }
}
