<?php
/**
 * Configuration of the WordPress test peer. wordpress.sh fills in the @…@ marks; owns nothing but settings.
 */

define('DB_NAME', 'wordpress');
define('DB_USER', 'root');
define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:@SOCKET@');
define('DB_CHARSET', 'utf8mb4');
define('DB_COLLATE', '');

define('WP_HOME', '@URL@');
define('WP_SITEURL', '@URL@');

foreach (array('AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE') as $tidegate_peer_use) {
    foreach (array('KEY', 'SALT') as $tidegate_peer_part) {
        define(
            $tidegate_peer_use . '_' . $tidegate_peer_part,
            hash_hmac('sha256', $tidegate_peer_use . $tidegate_peer_part, file_get_contents('@DIR@/secret'))
        );
    }
}

// Application passwords without TLS are allowed on local sites only.
define('WP_ENVIRONMENT_TYPE', 'local');

// Nothing leaves the machine, nothing changes by itself, and nobody deletes the linked plugin from wp-admin.
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('WP_ACCESSIBLE_HOSTS', 'localhost,127.0.0.1,::1');
define('DISABLE_WP_CRON', true);
define('AUTOMATIC_UPDATER_DISABLED', true);
define('DISALLOW_FILE_MODS', true);

define('WP_DEBUG', true);
define('WP_DEBUG_DISPLAY', false);
define('WP_DEBUG_LOG', '@DIR@/logs/debug.log');

$table_prefix = 'wp_';

if (!defined('ABSPATH')) {
    define('ABSPATH', __DIR__ . '/');
}
require_once ABSPATH . 'wp-settings.php';
