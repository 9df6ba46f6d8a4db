<?php

/**
 * Loads the started test WordPress into this process, with the plugin active. WP_LOAD and WP_URL come from the
 * peer's env file; test.sh hands them over.
 */

$load = getenv('WP_LOAD');
if (!$load || !is_file($load)) {
    fwrite(STDERR, "WP_LOAD names no WordPress; run wordpress/test.sh, which starts one\n");
    exit(1);
}

$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
$_SERVER['REQUEST_METHOD'] = 'GET';
$_SERVER['REQUEST_URI'] = '/';

// Admin classes are tested too. Core's own deprecations under newer PHP are not this plugin's.
define('WP_ADMIN', true);
define('WP_USE_THEMES', false);
error_reporting(E_ALL & ~E_DEPRECATED);

require $load;
require_once ABSPATH . 'wp-admin/includes/admin.php';
error_reporting(E_ALL & ~E_DEPRECATED);

if (!defined('TIDEGATE_VERSION')) {
    fwrite(STDERR, "the plugin is not active in this WordPress\n");
    exit(1);
}

require_once __DIR__ . '/PluginTestCase.php';
