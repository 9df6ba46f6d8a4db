<?php

/**
 * GET /tidegate/v1/status: lets a gateway see that the plugin is there, and as whom it would deliver.
 */

namespace Tidegate\Rest;

use Tidegate\Capabilities;
use Tidegate\Options;
use Tidegate\ResultPostType;
use Tidegate\Schema;
use Tidegate\Token\Gateway;
use WP_REST_Response;

final class StatusRoute
{
    private const RIGHTS = array(
        Capabilities::DELIVER,
        'publish_posts',
        'edit_others_posts',
        'edit_tidegate_results',
        'publish_tidegate_results',
    );

    public static function register(): void
    {
        register_rest_route(IngestRoute::BASE, '/status', array(
            'methods'             => 'GET',
            'callback'            => array(self::class, 'answer'),
            'permission_callback' => array(Access::class, 'check'),
        ));
    }

    public static function answer(): WP_REST_Response
    {
        $user = wp_get_current_user();
        $rights = array();
        foreach (self::RIGHTS as $right) {
            $rights[$right] = current_user_can($right);
        }
        $response = new WP_REST_Response(array(
            'plugin'      => 'tidegate',
            'version'     => TIDEGATE_VERSION,
            'ready'       => get_option(Options::SCHEMA) === Schema::VERSION,
            'wordpress'   => get_bloginfo('version'),
            'php'         => PHP_VERSION,
            'site'        => array('name' => get_bloginfo('name'), 'url' => home_url('/')),
            'ingest'      => rest_url(IngestRoute::BASE . '/ingest'),
            'batch'       => BatchRoute::offered(),
            'tokens'      => Gateway::connected()->key_ids() !== array(),
            'post_type'   => ResultPostType::NAME,
            'post_status' => Options::post_status(),
            'user'        => array(
                'id'     => $user->ID,
                'login'  => $user->user_login,
                'roles'  => array_values($user->roles),
                'rights' => $rights,
            ),
        ));
        $response->header('Cache-Control', 'no-store');
        return BatchRoute::tell($response);
    }
}
