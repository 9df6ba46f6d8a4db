<?php

/**
 * The one permission check of the plugin's routes: 401 when nobody is logged in, 403 when the right is missing.
 */

namespace Tidegate\Rest;

use Tidegate\Capabilities;
use WP_Error;

final class Access
{
    /** @return true|WP_Error */
    public static function check()
    {
        if (current_user_can(Capabilities::DELIVER)) {
            return true;
        }
        if (!is_user_logged_in()) {
            return new WP_Error(
                'tidegate_not_logged_in',
                __('Nobody is logged in. Send a user name and an application password of this site.', 'tidegate'),
                array('status' => 401)
            );
        }
        return new WP_Error(
            'tidegate_forbidden',
            __('This account may not edit posts. Give it the role Editor or Author.', 'tidegate'),
            array('status' => 403)
        );
    }
}
