import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseHost, parseTarget, targetName } from './host.ts'

const READ: Readonly<Record<string, string>> = {
  'example.org': 'example.org',
  'Example.ORG.': 'example.org',
  'bücher.example': 'xn--bcher-kva.example',
  'BÜCHER.example.': 'xn--bcher-kva.example',
  'xn--bcher-kva.example': 'xn--bcher-kva.example',
  'ｅｘａｍｐｌｅ.org': 'example.org',
  'a。b.example': 'a.b.example',
  'ex\u00adample.org': 'example.org',
  '_dmarc.example.org': '_dmarc.example.org',
  '192.0.2.1': '192.0.2.1',
  '127.1': '127.0.0.1',
  '0x7f.1': '127.0.0.1',
  '0x7F000001': '127.0.0.1',
  '2130706433': '127.0.0.1',
  '017700000001': '127.0.0.1',
  '0177.0.0.01': '127.0.0.1',
  '127.0.0.1.': '127.0.0.1',
  '１２７.０.０.１': '127.0.0.1',
  '0': '0.0.0.0',
  '[::1]': '::1',
  '[0:0:0:0:0:0:0:1]': '::1',
  '[2001:DB8::0:1]': '2001:db8::1',
  '[::ffff:10.0.0.1]': '10.0.0.1',
  '[::ffff:a00:1]': '10.0.0.1',
}

const REFUSED = [
  ...['', '.', '..', 'a..b', '.a', 'a.b..', '-a.example', 'a-.example', `${'a'.repeat(64)}.example`],
  ...[
    `${'a.'.repeat(127)}example`,
    'a b',
    'a\tb',
    'a\0b',
    'a\r\nb',
    'a@b',
    'user:pass@b',
    'a/b',
    'a\\b',
    'a?b',
    'a#b',
  ],
  ...[
    'a%2eb',
    '%31%32%37.0.0.1',
    'a:80',
    '::1',
    '[::1',
    '[::1]x',
    '[fe80::1%25eth0]',
    '[fe80::1%eth0]',
    '[1.2.3.4]',
  ],
  ...[
    '1.2.3.4.5',
    '256.0.0.1',
    '1.2.3.256',
    '0x100000000',
    'example.1',
    'example.0x1',
    '08.1.1.1',
    '[::g]',
    '*.example',
  ],
  ...[
    'a,b',
    'a;b',
    'a|b',
    'a<b',
    '[v1.a]',
    'xn--',
    'a.xn--',
    '\u0000',
    '\u200b',
    'ex ample.org',
    "a'b",
    'a"b',
    'a(b',
    'a=b',
  ],
]

test('every spelling of a host becomes the one text rules are compared with', () => {
  for (const [text, host] of Object.entries(READ)) assert.equal(parseHost(text)?.text, host, text)
})

test('what is no host, or not the same one to everybody, is none', () => {
  for (const text of REFUSED) assert.equal(parseHost(text), undefined, JSON.stringify(text))
})

test('a host that was read reads as itself, and holds nothing a request line could break at', () => {
  const near = fc.stringMatching(/^[a-zA-Z0-9.:[\]_\-%@/\\ xX\u00fc\u3002\uff10-\uff19]{1,40}$/)
  fc.assert(
    fc.property(
      fc.oneof(
        near,
        fc.string({ unit: 'binary', maxLength: 20 }),
        fc.domain(),
        fc.ipV4Extended(),
        fc.ipV6().map((ip) => `[${ip}]`),
      ),
      (text) => {
        const host = parseHost(text)
        if (host === undefined) return
        assert.match(host.text, host.kind === 'name' ? /^[a-z0-9_.-]{1,253}$/ : /^[0-9a-f.:]{2,45}$/)
        const again = host.text.includes(':') ? `[${host.text}]` : host.text
        assert.deepEqual(parseHost(again), host)
      },
    ),
    { numRuns: 1000 },
  )
})

test('a host is the one a URL with it would lead to', () => {
  fc.assert(
    fc.property(fc.oneof(fc.domain(), fc.webAuthority(), fc.ipV4Extended()), (text) => {
      const host = parseHost(text)
      if (host?.kind === 'name')
        assert.equal(URL.parse(`http://${text}/`)?.hostname.replace(/\.$/, ''), host.text)
    }),
  )
})

test('a target is a host and a port that is written plainly', () => {
  assert.equal(targetName(parseTarget('Example.org.:443')!), 'example.org:443')
  assert.equal(targetName(parseTarget('[::1]:8080')!), '[::1]:8080')
  assert.equal(targetName(parseTarget('example.org', 80)!), 'example.org:80')
  for (const text of [
    'example.org',
    'example.org:',
    'example.org:0',
    'example.org:0443',
    'example.org:65536',
  ]) {
    assert.equal(parseTarget(text), undefined, text)
  }
  for (const text of [
    'example.org:80:80',
    '::1:443',
    ':443',
    'a@b:443',
    'example.org:+80',
    'example.org:8 0',
    'http://a:80',
  ]) {
    assert.equal(parseTarget(text), undefined, text)
  }
})
