<?php

/**
 * Hangs the parts of the plugin on WordPress' hooks: the one place that says when what runs.
 */

namespace Tidegate;

use Tidegate\Admin\DeliveryBox;
use Tidegate\Admin\ResultColumns;
use Tidegate\Admin\SettingsFields;
use Tidegate\Rest\BatchRoute;
use Tidegate\Rest\IngestRoute;
use Tidegate\Rest\StatusRoute;
use Tidegate\Token\Gateway;

final class Plugin
{
    public static function boot(): void
    {
        register_activation_hook(TIDEGATE_FILE, array(Lifecycle::class, 'activate'));
        register_deactivation_hook(TIDEGATE_FILE, array(Lifecycle::class, 'deactivate'));
        add_filter('wpmu_drop_tables', array(Schema::class, 'tables_of_site'), 10, 2);

        add_action('init', array(Schema::class, 'upgrade'), 1);
        add_action('init', array(ResultPostType::class, 'register'));
        add_filter('user_has_cap', array(Capabilities::class, 'grant'));
        add_action('rest_api_init', array(IngestRoute::class, 'register'));
        add_action('rest_api_init', array(BatchRoute::class, 'register'));
        add_action('rest_api_init', array(StatusRoute::class, 'register'));
        add_action(Gateway::REFRESH, array(Gateway::class, 'refresh'));
        foreach (array('add_option_', 'update_option_') as $saved) {
            add_action($saved . Options::GATEWAY, array(Gateway::class, 'reconnect'), 10, 0);
        }

        if (is_admin()) {
            ResultColumns::register();
            DeliveryBox::register();
            SettingsFields::register();
        }
    }
}
