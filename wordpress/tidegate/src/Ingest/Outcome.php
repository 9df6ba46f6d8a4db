<?php

/**
 * What became of a delivery.
 */

namespace Tidegate\Ingest;

final class Outcome
{
    public const CREATED = 'created';
    public const UPDATED = 'updated';
    public const UNCHANGED = 'unchanged';
    public const SUPERSEDED = 'superseded';

    public int $post_id;
    /** One of the constants; also the name of the field in the answer. */
    public string $what;

    public function __construct(int $post_id, string $what)
    {
        $this->post_id = $post_id;
        $this->what = $what;
    }
}
