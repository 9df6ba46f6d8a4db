<?php

/**
 * The one permission check of the plugin's routes: 401 when nobody is logged in, 403 when the right is missing.
 * Whoever WordPress itself did not log in can come with a token of the connected gateway, which counts for these
 * routes only.
 */

namespace Tidegate\Rest;

use Tidegate\Capabilities;
use Tidegate\Token\Gateway;
use Tidegate\Token\Token;
use Tidegate\Token\Used;
use WP_Error;
use WP_REST_Request;

final class Access
{
    /** @return true|WP_Error */
    public static function check(WP_REST_Request $request)
    {
        if (current_user_can(Capabilities::DELIVER)) {
            return true;
        }
        if (!is_user_logged_in()) {
            $logged_in = self::log_in($request, time());
            if (is_wp_error($logged_in)) {
                return $logged_in;
            }
        }
        if (current_user_can(Capabilities::DELIVER)) {
            return true;
        }
        return new WP_Error(
            'tidegate_forbidden',
            __('This account may not edit posts. Give it the role Editor or Author.', 'tidegate'),
            array('status' => 403)
        );
    }

    /** @return true|WP_Error */
    private static function log_in(WP_REST_Request $request, int $now)
    {
        $gateway = Gateway::connected();
        $header = (string) $request->get_header('authorization');
        if ($gateway->issuer === '' || !preg_match('/^Bearer +(\S+)$/i', $header, $found)) {
            return new WP_Error(
                'tidegate_not_logged_in',
                __('Nobody is logged in. Send a user name and an application password of this site.', 'tidegate'),
                array('status' => 401)
            );
        }
        $token = Token::read($found[1], $gateway, $now);
        if (is_wp_error($token)) {
            return $token;
        }
        $key = (string) $request->get_header('idempotency_key');
        $free = Used::take($token, $key === '' ? '' : $request->get_route() . "\n" . $key, $now);
        if ($free === null) {
            return new WP_Error(
                'tidegate_not_stored',
                __('The database did not answer.', 'tidegate'),
                array('status' => 503)
            );
        }
        if (!$free) {
            return new WP_Error(
                'tidegate_used_token',
                __('This token was used before, for another request.', 'tidegate'),
                array('status' => 401)
            );
        }
        wp_set_current_user($gateway->user);
        if (!is_user_logged_in()) {
            return new WP_Error(
                'tidegate_no_account',
                __('The account that tokens stand for does not exist any more: see Settings → Writing.', 'tidegate'),
                array('status' => 403)
            );
        }
        return true;
    }
}
