<?php

/**
 * Runs when an administrator deletes the plugin. Owns nothing: Tidegate\Lifecycle decides what goes.
 */

defined('WP_UNINSTALL_PLUGIN') || exit;

require_once __DIR__ . '/src/Autoloader.php';
Tidegate\Autoloader::register();

Tidegate\Lifecycle::uninstall();
