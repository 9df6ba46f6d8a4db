<?php

/**
 * Who may see and edit results. They have capabilities of their own, so a site can hand them to any role;
 * whoever edits other people's posts has them without anything being written into the roles.
 */

namespace Tidegate;

final class Capabilities
{
    /** What a gateway's account needs in order to deliver. */
    public const DELIVER = 'edit_posts';

    private const OWN = array(
        'edit_tidegate_results',
        'edit_others_tidegate_results',
        'edit_published_tidegate_results',
        'edit_private_tidegate_results',
        'read_private_tidegate_results',
        'delete_tidegate_results',
        'delete_others_tidegate_results',
        'delete_published_tidegate_results',
        'delete_private_tidegate_results',
    );

    /**
     * @param array<string, bool> $allcaps what the user has
     * @return array<string, bool>
     */
    public static function grant(array $allcaps): array
    {
        if (!empty($allcaps['edit_others_posts'])) {
            $allcaps += array_fill_keys(self::OWN, true);
            if (!empty($allcaps['publish_posts'])) {
                $allcaps += array('publish_tidegate_results' => true);
            }
        }
        return $allcaps;
    }
}
