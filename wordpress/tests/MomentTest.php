<?php

/**
 * Times as text become microseconds.
 */

namespace Tidegate\Tests;

use PHPUnit\Framework\TestCase;
use Tidegate\Ingest\Moment;

final class MomentTest extends TestCase
{
    /** @dataProvider times */
    public function test_a_time_is_read_to_the_microsecond_in_utc(string $text, ?int $expected): void
    {
        $this->assertSame($expected, Moment::parse($text));
    }

    /** @return array<string, array{string, int|null}> */
    public function times(): array
    {
        return array(
            'the beginning'        => array('1970-01-01T00:00:00Z', 0),
            'a fraction'           => array('1970-01-01T00:00:01.5Z', 1500000),
            'nanoseconds are cut'  => array('1970-01-01T00:00:00.123456789Z', 123456),
            'east of Greenwich'    => array('1970-01-01T02:30:00+02:30', 0),
            'west of Greenwich'    => array('1969-12-31T19:00:00-05:00', 0),
            'before the beginning' => array('1969-12-31T23:59:59.5Z', -500000),
            'a leap second'        => array('1970-01-01T00:00:60Z', 60000000),
            'lower case'           => array('1970-01-01t00:00:00z', 0),
            'no zone'              => array('1970-01-01T00:00:00', null),
            'something after it'   => array("1970-01-01T00:00:00Z\n", null),
            'no leap year'         => array('2026-02-29T00:00:00Z', null),
        );
    }
}
