<?php

/**
 * Deliveries signed in with a gateway's token: what is believed, and what is not.
 */

namespace Tidegate\Tests;

use Tidegate\Options;
use Tidegate\Token\Base64Url;
use Tidegate\Token\Gateway;
use Tidegate\Token\Key;
use WP_REST_Request;
use WP_REST_Response;

final class TokenTest extends PluginTestCase
{
    private const ISSUER = 'https://tidegate.test';

    /** @var mixed a private key of OpenSSL */
    private $private;
    private Key $key;
    private int $account;
    private int $calls = 0;

    protected function setUp(): void
    {
        parent::setUp();
        $this->account = $this->log_in('editor');
        list($this->private, $this->key) = $this->new_key();
        $this->publish(200, (string) wp_json_encode(array('keys' => array($this->jwk($this->private)))));
        update_option(Options::GATEWAY, array('issuer' => self::ISSUER, 'user' => $this->account));
        wp_set_current_user(0);
    }

    protected function tearDown(): void
    {
        Gateway::unschedule();
        parent::tearDown();
    }

    public function test_a_token_of_the_gateway_delivers_as_the_chosen_account(): void
    {
        $answer = $this->deliver_with($this->token());
        $this->assert_answer(201, 'created', $answer);
        $this->assertSame($this->account, (int) get_post_field('post_author', $answer->get_data()['post_id']));
        $this->assertSame(1, $this->calls, 'keys were fetched when the gateway was connected, and not since');
    }

    public function test_a_forged_signature_is_answered_401(): void
    {
        list($other) = $this->new_key();
        $token = $this->token();
        list($head, $claims) = explode('.', $token);
        $later = Base64Url::encode((string) wp_json_encode(array('exp' => time() + 3600) + $this->claims()));
        foreach (
            array(
                $this->token(array(), array(), $other),
                "$head.$later." . explode('.', $token)[2],
                "$head.$claims." . Base64Url::encode(str_repeat("\0", 64)),
                "$head.$claims." . Base64Url::encode('short'),
                "$head.$claims.",
                "$head.$claims",
                'nonsense',
                str_repeat('a', 5000) . '.b.c',
            ) as $forged
        ) {
            $this->assert_refused(401, 'tidegate_bad_token', $this->deliver_with($forged));
        }
        $this->assertSame(0, $this->posts_of('order-7'));
    }

    public function test_only_es256_counts_whatever_the_token_says(): void
    {
        $none = $this->unsigned(array('alg' => 'none'));
        // The confusion of algorithms: the public key, which everybody has, as the secret of an HMAC.
        $hs256 = $this->unsigned(array('alg' => 'HS256'));
        foreach (
            array(
                "$none.",
                "$none." . explode('.', $this->token())[2],
                "$hs256." . Base64Url::encode(hash_hmac('sha256', $hs256, $this->key->pem, true)),
                $this->token(array(), array('alg' => 'es256')),
                $this->token(array(), array('alg' => 'RS256')),
                $this->token(array(), array('crit' => array('exp'))),
            ) as $token
        ) {
            $this->assert_refused(401, 'tidegate_bad_token', $this->deliver_with($token));
        }
    }

    public function test_a_token_for_another_site_or_of_another_gateway_is_answered_401(): void
    {
        foreach (
            array(
                array('aud' => 'https://elsewhere.test'),
                array('aud' => ''),
                array('aud' => null),
                array('iss' => 'https://other.test'),
                array('iss' => null),
            ) as $claims
        ) {
            $this->assert_refused(401, 'tidegate_bad_token', $this->deliver_with($this->token($claims)));
        }
        $this->assert_answer(201, 'created', $this->deliver_with($this->token(array('aud' => home_url('/')))));
    }

    public function test_a_token_counts_for_a_minute_and_not_before_or_after(): void
    {
        $now = time();
        foreach (
            array(
                array('iat' => $now - 120, 'exp' => $now - 60),
                array('iat' => $now + 60, 'exp' => $now + 120),
                array('iat' => $now, 'exp' => $now + 61),
                array('iat' => $now, 'exp' => (string) ($now + 60)),
                array('exp' => null),
                array('iat' => null),
                array('jti' => null),
                array('jti' => 'short'),
                array('jti' => array('a list of it')),
            ) as $claims
        ) {
            $answer = $this->deliver_with($this->token($claims));
            $this->assert_refused(401, 'tidegate_bad_token', $answer);
        }
        $skewed = array('iat' => $now - 80, 'exp' => $now - 20);
        $this->assert_answer(201, 'created', $this->deliver_with($this->token($skewed)));
    }

    public function test_an_unknown_key_is_answered_401_and_looked_for_later_not_now(): void
    {
        list($new, $key) = $this->new_key();
        $this->tried_long_ago();
        $answer = $this->deliver_with($this->token(array(), array('kid' => $key->id), $new));
        $this->assert_refused(401, 'tidegate_unknown_key', $answer);
        $this->assertSame(1, $this->calls);
        $this->assertNotFalse(wp_next_scheduled(Gateway::REFRESH, array('soon')));

        $both = array('keys' => array($this->jwk($this->private), $this->jwk($new)));
        $this->publish(200, (string) wp_json_encode($both));
        do_action(Gateway::REFRESH, 'soon');
        $this->assertSame(2, $this->calls);
        $again = $this->deliver_with($this->token(array(), array('kid' => $key->id), $new));
        $this->assert_answer(201, 'created', $again);
    }

    public function test_both_keys_count_while_one_is_replaced_and_then_the_new_one_alone(): void
    {
        list($new, $key) = $this->new_key();
        $both = array('keys' => array($this->jwk($this->private), $this->jwk($new)));
        $this->publish(200, (string) wp_json_encode($both));
        do_action(Gateway::REFRESH);
        $by_new = function (string $subject) use ($new, $key): WP_REST_Response {
            return $this->deliver_with($this->token(array(), array('kid' => $key->id), $new), $subject);
        };
        $this->assert_answer(201, 'created', $this->deliver_with($this->token(), 'job_old'));
        $this->assertSame(200, $by_new('job_new')->get_status());
        $this->assertSame(2, $this->calls, 'each is known without being looked for');

        $this->publish(200, (string) wp_json_encode(array('keys' => array($this->jwk($new)))));
        do_action(Gateway::REFRESH);
        $this->assert_refused(401, 'tidegate_unknown_key', $this->deliver_with($this->token(), 'job_late'));
        $this->assertSame(200, $by_new('job_newer')->get_status());
    }

    public function test_tokens_with_made_up_keys_start_no_storm_of_fetches(): void
    {
        $this->deliver_with($this->token(array(), array('kid' => 'made-up')));
        $this->assertFalse(wp_next_scheduled(Gateway::REFRESH, array('soon')), 'it was fetched a moment ago');
    }

    public function test_a_gateway_that_is_away_keeps_its_keys(): void
    {
        foreach (array(array(503, ''), array(200, '<html>'), array(200, '{"keys":[]}')) as list($status, $body)) {
            $this->publish($status, $body);
            do_action(Gateway::REFRESH);
            $this->assertSame(array($this->key->id), Gateway::connected()->key_ids());
        }
        $this->assert_answer(201, 'created', $this->deliver_with($this->token()));
    }

    public function test_keys_of_one_gateway_do_not_count_for_another(): void
    {
        $this->publish(503, '');
        update_option(Options::GATEWAY, array('issuer' => 'https://other.test', 'user' => $this->account));
        $token = $this->token(array('iss' => 'https://other.test'));
        $this->assert_refused(401, 'tidegate_unknown_key', $this->deliver_with($token));
    }

    public function test_a_used_token_counts_again_for_the_same_request_only(): void
    {
        $token = $this->token();
        $this->assert_answer(201, 'created', $this->deliver_with($token, 'job_1'));
        $this->assert_answer(200, 'unchanged', $this->deliver_with($token, 'job_1'));
        $this->assert_refused(401, 'tidegate_used_token', $this->deliver_with($token, 'job_2'));
        $this->assert_refused(401, 'tidegate_used_token', $this->deliver_with($token));

        $without = $this->token();
        $this->assert_answer(200, 'unchanged', $this->deliver_with($without));
        $this->assert_refused(401, 'tidegate_used_token', $this->deliver_with($without));
    }

    public function test_what_is_remembered_of_used_tokens_ends_with_them(): void
    {
        global $wpdb;
        $table = $wpdb->prefix . 'tidegate_tokens';
        $wpdb->insert($table, array('token' => str_repeat('0', 64), 'request' => '', 'until' => time() - 1));
        // One in fifty uses clears away; the chance that none of so many does is one in ten million.
        for ($n = 0; $n < 800; $n++) {
            $this->assertSame(200, $this->status_with($this->token())->get_status());
        }
        $this->assertNull($wpdb->get_var("SELECT token FROM $table WHERE until < " . time()));
    }

    public function test_the_account_needs_the_right_and_must_exist(): void
    {
        $this->choose($this->log_in('subscriber'));
        $this->assert_refused(403, 'tidegate_forbidden', $this->deliver_with($this->token()));
        $this->choose(0);
        $this->assert_refused(403, 'tidegate_no_account', $this->deliver_with($this->token()));
    }

    public function test_a_token_opens_these_routes_and_no_others(): void
    {
        $request = new WP_REST_Request('POST', '/wp/v2/posts');
        $request->set_header('authorization', 'Bearer ' . $this->token());
        $request->set_body_params(array('title' => 'No'));
        $this->assertSame(401, rest_do_request($request)->get_status());
        $this->assertSame(200, $this->status_with($this->token())->get_status());
    }

    public function test_without_a_connected_gateway_no_token_counts(): void
    {
        delete_option(Options::GATEWAY);
        $this->assert_refused(401, 'tidegate_not_logged_in', $this->deliver_with($this->token()));
    }

    public function test_a_key_can_be_pasted_as_jwk_as_a_set_and_as_pem_and_then_nothing_is_fetched(): void
    {
        $jwk = $this->jwk($this->private);
        $forms = array(wp_json_encode($jwk), wp_json_encode(array('keys' => array($jwk))), $this->key->pem);
        foreach ($forms as $form) {
            delete_option(Options::KEYS);
            $this->calls = 0;
            $pasted = array('issuer' => self::ISSUER, 'user' => $this->account, 'keys' => $form);
            update_option(Options::GATEWAY, $pasted);
            $this->assertSame(200, $this->status_with($this->token())->get_status(), $form);
            $this->assertSame(0, $this->calls);
        }
    }

    public function test_keys_of_another_kind_are_none(): void
    {
        $rsa = openssl_pkey_new(array('private_key_type' => OPENSSL_KEYTYPE_RSA, 'private_key_bits' => 2048));
        $curve = openssl_pkey_new(array('private_key_type' => OPENSSL_KEYTYPE_EC, 'curve_name' => 'secp384r1'));
        openssl_pkey_export($this->private, $secret);
        $jwk = $this->jwk($this->private);
        foreach (
            array(
                openssl_pkey_get_details($rsa)['key'],
                openssl_pkey_get_details($curve)['key'],
                $secret,
                wp_json_encode(array('kty' => 'oct', 'k' => 'c2VjcmV0') + $jwk),
                wp_json_encode(array('x' => $jwk['y']) + $jwk),
                wp_json_encode(array('x' => 'AA') + $jwk),
                wp_json_encode(array('x' => array()) + $jwk),
                '{"keys":"none"}',
                '',
            ) as $text
        ) {
            $this->assertSame(array(), Key::all($text), $text);
        }
    }

    public function test_addresses_are_https_or_of_this_machine(): void
    {
        $this->assertSame('https://t.test', Gateway::address(' https://t.test/ '));
        $this->assertSame('http://127.0.0.1:3000', Gateway::address('http://127.0.0.1:3000'));
        foreach (array('http://t.test', 'ftp://t.test', 'javascript:alert(1)', 't.test', '') as $bad) {
            $this->assertSame('', Gateway::address($bad), $bad);
        }
    }

    /** @return array{mixed, Key} */
    private function new_key(): array
    {
        $private = openssl_pkey_new(array('private_key_type' => OPENSSL_KEYTYPE_EC, 'curve_name' => 'prime256v1'));
        return array($private, Key::from_pem(openssl_pkey_get_details($private)['key']));
    }

    /**
     * @param mixed $private
     * @return array<string, string>
     */
    private function jwk($private): array
    {
        $point = openssl_pkey_get_details($private)['ec'];
        return array(
            'kty' => 'EC',
            'crv' => 'P-256',
            'x'   => Base64Url::encode(str_pad($point['x'], 32, "\0", STR_PAD_LEFT)),
            'y'   => Base64Url::encode(str_pad($point['y'], 32, "\0", STR_PAD_LEFT)),
        );
    }

    /** The gateway's address answers so from now on. */
    private function publish(int $status, string $body): void
    {
        remove_all_filters('pre_http_request');
        add_filter('pre_http_request', function ($none, array $args, string $url) use ($status, $body) {
            $this->calls++;
            $this->assertStringEndsWith('.test/.well-known/jwks.json', $url);
            $this->assertSame(0, $args['redirection']);
            return array('response' => array('code' => $status), 'body' => $body, 'headers' => array());
        }, 10, 3);
    }

    private function choose(int $user): void
    {
        update_option(Options::GATEWAY, array('issuer' => self::ISSUER, 'user' => $user));
        wp_set_current_user(0);
    }

    private function tried_long_ago(): void
    {
        update_option(Options::KEYS, array('tried' => time() - 3600) + get_option(Options::KEYS));
    }

    /** @return array<string, mixed> */
    private function claims(): array
    {
        return array(
            'iss' => self::ISSUER,
            'aud' => untrailingslashit(home_url()),
            'iat' => time(),
            'exp' => time() + 60,
            'jti' => uniqid('token-', true),
        );
    }

    /**
     * @param array<string, mixed> $claims over those of a good token; null takes one away
     * @param array<string, mixed> $head
     * @param mixed $private
     */
    private function token(array $claims = array(), array $head = array(), $private = null): string
    {
        $signed = $this->unsigned($head, $claims);
        openssl_sign($signed, $der, $private ?? $this->private, OPENSSL_ALGO_SHA256);
        return $signed . '.' . Base64Url::encode($this->plain($der));
    }

    /**
     * @param array<string, mixed> $head
     * @param array<string, mixed> $claims
     */
    private function unsigned(array $head, array $claims = array()): string
    {
        $is_set = static function ($value): bool {
            return $value !== null;
        };
        $head += array('alg' => 'ES256', 'typ' => 'JWT', 'kid' => $this->key->id);
        $claims = array_filter($claims + $this->claims(), $is_set);
        return Base64Url::encode((string) wp_json_encode($head)) . '.'
            . Base64Url::encode((string) wp_json_encode($claims));
    }

    /** A signature as tokens carry it, from the DER that OpenSSL makes. */
    private function plain(string $der): string
    {
        $r = substr($der, 4, ord($der[3]));
        $s = substr($der, 6 + strlen($r));
        $whole = static function (string $number): string {
            return str_pad(ltrim($number, "\0"), 32, "\0", STR_PAD_LEFT);
        };
        return $whole($r) . $whole($s);
    }

    private function deliver_with(string $token, string $key = ''): WP_REST_Response
    {
        wp_set_current_user(0);
        $request = new WP_REST_Request('POST', '/tidegate/v1/ingest');
        $request->set_header('authorization', 'Bearer ' . $token);
        if ($key !== '') {
            $request->set_header('idempotency-key', $key);
        }
        $request->set_body_params(array('external_id' => 'order-7', 'summary' => 'A summary.'));
        return rest_do_request($request);
    }

    private function status_with(string $token): WP_REST_Response
    {
        wp_set_current_user(0);
        $request = new WP_REST_Request('GET', '/tidegate/v1/status');
        $request->set_header('authorization', 'Bearer ' . $token);
        return rest_do_request($request);
    }
}
