<?php

/**
 * Plugin Name:       Tidegate
 * Plugin URI:        https://github.com/tidegate/tidegate
 * Description:       Receives the AI results that a Tidegate gateway delivers, as drafts for your editors.
 * Version:           0.1.0
 * Requires at least: 6.1
 * Requires PHP:      7.4
 * Author:            The Tidegate contributors
 * License:           GPL-2.0-or-later
 * License URI:       https://www.gnu.org/licenses/gpl-2.0.html
 * Text Domain:       tidegate
 * Domain Path:       /languages
 *
 * Owns the entry point: constants, the autoloader, and handing over to Tidegate\Plugin.
 */

defined('ABSPATH') || exit;

define('TIDEGATE_VERSION', '0.1.0');
define('TIDEGATE_FILE', __FILE__);

require_once __DIR__ . '/src/Autoloader.php';
Tidegate\Autoloader::register();

Tidegate\Plugin::boot();
