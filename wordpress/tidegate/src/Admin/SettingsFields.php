<?php

/**
 * The plugin's settings, as a section of Settings → Writing.
 */

namespace Tidegate\Admin;

use Tidegate\Options;

final class SettingsFields
{
    private const PAGE = 'writing';
    private const SECTION = 'tidegate';

    public static function register(): void
    {
        add_action('admin_init', array(self::class, 'add'));
    }

    public static function add(): void
    {
        register_setting(self::PAGE, Options::POST_STATUS, array(
            'type'              => 'string',
            'default'           => 'draft',
            'sanitize_callback' => array(Options::class, 'known_status'),
        ));
        register_setting(self::PAGE, Options::DELETE_DATA, array(
            'type'              => 'boolean',
            'default'           => false,
            'sanitize_callback' => 'rest_sanitize_boolean',
        ));
        add_settings_section(self::SECTION, __('AI results', 'tidegate'), '__return_null', self::PAGE);
        add_settings_field(
            Options::POST_STATUS,
            __('Status of new results', 'tidegate'),
            array(self::class, 'show_status'),
            self::PAGE,
            self::SECTION,
            array('label_for' => Options::POST_STATUS)
        );
        add_settings_field(
            Options::DELETE_DATA,
            __('When the plugin is deleted', 'tidegate'),
            array(self::class, 'show_delete'),
            self::PAGE,
            self::SECTION
        );
        GatewayFields::add(self::PAGE, self::SECTION);
    }

    public static function show_status(): void
    {
        $now = Options::known_status(get_option(Options::POST_STATUS, 'draft'));
        $labels = get_post_statuses();
        printf('<select name="%1$s" id="%1$s">', esc_attr(Options::POST_STATUS));
        foreach (Options::STATUSES as $status) {
            printf(
                '<option value="%s"%s>%s</option>',
                esc_attr($status),
                selected($now, $status, false),
                esc_html($labels[$status] ?? $status)
            );
        }
        echo '</select>';
    }

    public static function show_delete(): void
    {
        printf(
            '<label><input type="checkbox" name="%s" value="1"%s> %s</label>',
            esc_attr(Options::DELETE_DATA),
            checked(Options::delete_data(), true, false),
            esc_html__('Delete all results and the record of deliveries with it', 'tidegate')
        );
    }
}
