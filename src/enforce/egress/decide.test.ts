import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { classOf, parseAddress } from './address.ts'
import { allowsOf, decide, refusedAddress, type Asked } from './decide.ts'
import { EgressError } from './errors.ts'
import { parseTarget } from './host.ts'
import { compileRules, type EgressRule } from './rules.ts'

const NOW = 1000

function asked(text: string, seen: Asked['seen'] = 'never'): Asked {
  const target = parseTarget(text, 443)
  assert.ok(target !== undefined, text)
  return { target, seen }
}

/** `allow`, or the code of the refusal. */
function verdict(
  rules: readonly Partial<EgressRule>[],
  text: string,
  seen?: Asked['seen'],
  now = NOW,
): string {
  const whole = rules.map(
    (rule, at) => ({ id: `rule${at}`, effect: 'allow', host: 'example.org', ...rule }) as EgressRule,
  )
  const said = decide(compileRules(whole), 'builder', asked(text, seen), now)
  return said.effect === 'allow' ? 'allow' : said.refusal.code
}

test('a name opens itself, a wildcard what is below it, and neither the other', () => {
  const rules = [{ host: 'example.org' }, { host: '*.example.net' }, { host: '.example.com' }]
  for (const host of ['example.org', 'EXAMPLE.org.', 'a.example.net', 'a.b.example.net', 'a.example.com']) {
    assert.equal(verdict(rules, host), 'allow', host)
  }
  for (const host of [
    'a.example.org',
    'example.net',
    'example.com',
    'badexample.net',
    'example.org.evil.test',
    'aexample.com',
  ]) {
    assert.equal(verdict(rules, host), 'outside', host)
  }
})

test('a deny wins wherever it stands, and holds for every name below', () => {
  const rules: Partial<EgressRule>[] = [
    { host: '*.example.org' },
    { host: 'bad.example.org', effect: 'deny' },
    { host: 'bad.example.org' },
  ]
  assert.equal(verdict(rules, 'good.example.org'), 'allow')
  assert.equal(verdict(rules, 'bad.example.org'), 'denied')
  assert.equal(verdict(rules, 'very.bad.example.org'), 'denied')
  assert.equal(verdict(rules.toReversed(), 'very.bad.example.org'), 'denied')
})

test('no rule added to others ever takes a deny away', () => {
  const host = fc.constantFrom(
    'example.org',
    'a.example.org',
    '*.example.org',
    '192.0.2.1',
    '192.0.2.0/24',
    'b.test',
  )
  const rule = fc.record({
    host,
    effect: fc.constantFrom('allow' as const, 'deny' as const),
    ports: fc.constantFrom([443], [80, 443]),
  })
  const place = fc.constantFrom('example.org', 'a.example.org', 'x.a.example.org', '192.0.2.1', 'b.test:80')
  fc.assert(
    fc.property(fc.array(rule), fc.array(rule), place, (some, more, text) => {
      if (verdict(some, text) === 'denied') {
        assert.equal(verdict([...more, ...some], text), 'denied')
        assert.equal(verdict([...some, ...more], text), 'denied')
      }
      if (verdict([], text) !== 'outside') assert.fail('nothing opens by itself')
    }),
  )
})

test('an allow is for port 443 unless it says more; a deny for every port', () => {
  assert.equal(verdict([{}], 'example.org:80'), 'outside')
  assert.equal(verdict([{ ports: [80] }], 'example.org:80'), 'allow')
  assert.equal(verdict([{ ports: [80] }], 'example.org:443'), 'outside')
  assert.equal(verdict([{ ports: [22] }, { effect: 'deny' }], 'example.org:22'), 'denied')
  assert.equal(verdict([{ ports: [22, 443] }, { effect: 'deny', ports: [22] }], 'example.org:443'), 'allow')
})

test('an address needs an entry of its own, whatever names are open', () => {
  const wide = [{ host: '*.example.org' }, { host: 'example.org' }]
  for (const text of ['93.184.216.34', '[2606:4700::1]', '0x5db8d822', '1572395042'])
    assert.equal(verdict(wide, text), 'outside', text)
  assert.equal(verdict([{ host: '93.184.216.34' }], '0x5db8d822'), 'allow')
  assert.equal(verdict([{ host: '93.184.216.0/24' }], '93.184.216.34'), 'allow')
  assert.equal(verdict([{ host: '[2606:4700::1]' }], '[2606:4700:0::0001]'), 'allow')
  const denied: Partial<EgressRule>[] = [{ host: '64:ff9b::/96' }, { host: '93.184.216.34', effect: 'deny' }]
  assert.equal(verdict(denied, '[64:ff9b::5db8:d822]'), 'denied', 'a carrier of a denied address')
})

test('methods and paths hold where requests are seen, and open nothing where they are not', () => {
  const rules = [{ methods: ['GET'], paths: ['/v1/*', '/files/**'] }]
  const see = (method: string, path: string) => verdict(rules, 'example.org', { method, path })
  assert.equal(see('GET', '/v1/models'), 'allow')
  assert.equal(see('GET', '/files/a/b'), 'allow')
  for (const [method, path] of [
    ['POST', '/v1/models'],
    ['GET', '/v1/a/b'],
    ['GET', '/v1/'],
    ['GET', '/v2/x'],
    ['GET', '/files/../v2/x'],
  ] as const) {
    assert.equal(see(method, path), 'method', `${method} ${path}`)
  }
  for (const path of [
    '/files/%2e%2e/x',
    '/files/..%2fx',
    '/files//x',
    '/files/a;/x',
    '/files/%5c..',
    '/files/%00',
    '/files/\\x',
    '/files/%252e',
  ]) {
    assert.equal(see('GET', path), 'method', path)
  }
  assert.equal(verdict(rules, 'example.org', 'never'), 'unseen')
  assert.equal(verdict(rules, 'example.org', 'later'), 'allow')
})

test('a deny of some paths holds for every spelling of them, and for what nobody sees', () => {
  const rules: Partial<EgressRule>[] = [{}, { effect: 'deny', paths: ['/admin/**'] }]
  const see = (path: string) => verdict(rules, 'example.org', { method: 'GET', path })
  assert.equal(see('/open'), 'allow')
  for (const path of [
    '/admin',
    '/admin/x',
    '/%61dmin',
    '/open/../admin',
    '/open/%2e%2e/admin',
    '//admin',
    '/admin;x',
    '/\\admin',
  ]) {
    assert.equal(see(path), 'denied', path)
  }
  assert.equal(verdict(rules, 'example.org', 'never'), 'denied')
  assert.equal(verdict(rules, 'example.org', 'later'), 'allow')
})

test('a rule ends with its time', () => {
  assert.equal(verdict([{ until: NOW + 1 }], 'example.org'), 'allow')
  assert.equal(verdict([{ until: NOW }], 'example.org'), 'outside')
})

test('a name for an address that is not public is refused, unless that very address or its network is listed', () => {
  const at = (rule: Partial<EgressRule>, address: string) => {
    const rules = [{ id: 'r', effect: 'allow', host: 'example.org', ...rule } as EgressRule]
    const book = compileRules(rules)
    const { target } = asked(
      rule.host === undefined ? 'example.org' : `${rule.host.includes(':') ? `[${rule.host}]` : rule.host}`,
    )
    const parsed = parseAddress(address)!
    return refusedAddress(book, allowsOf(book, target, NOW), target, parsed, classOf(parsed))?.code
  }
  assert.equal(at({}, '93.184.216.34'), undefined)
  for (const address of [
    '127.0.0.1',
    '10.0.0.1',
    '169.254.169.254',
    '::1',
    'fe80::1',
    '100.64.0.1',
    '224.0.0.1',
    '64:ff9b::a00:1',
  ]) {
    assert.equal(at({}, address), 'address', address)
  }
  assert.equal(at({ addresses: ['10.1.0.0/16'] }, '10.1.2.3'), undefined)
  assert.equal(at({ addresses: ['10.1.0.0/16'] }, '10.2.2.3'), 'address')
  assert.equal(
    at({ addresses: ['169.254.0.0/16'] }, '169.254.169.254'),
    'address',
    'a metadata service needs its very address',
  )
  assert.equal(at({ addresses: ['169.254.169.254'] }, '169.254.169.254'), undefined)
  assert.equal(at({ host: '127.0.0.1' }, '127.0.0.1'), undefined)
})

test('a name is no way round a deny of its address', () => {
  const book = compileRules([
    { id: 'name', effect: 'allow', host: 'example.org' },
    { id: 'net', effect: 'deny', host: '93.184.216.0/24' },
  ])
  const { target } = asked('example.org')
  const address = parseAddress('93.184.216.34')!
  assert.equal(refusedAddress(book, allowsOf(book, target, NOW), target, address, 'public')?.rule, 'net')
})

test('a rule that cannot be read is refused with its name', () => {
  const wrong: Partial<EgressRule>[] = [
    ...[
      '',
      'a b',
      '*',
      '*.',
      '*.com',
      '.org',
      'a.*.org',
      '10.0.0.1/8',
      'http://a',
      'a:443',
      'user@a',
      '*.10.0.0.1',
    ].map((host) => ({ host })),
    ...[
      { ports: [0] },
      { ports: [70_000] },
      { methods: ['get'] },
      { methods: ['GET POST'] },
      { paths: ['v1'] },
      { paths: ['/a/**/b'] },
    ],
    ...[{ paths: ['/a/../b'] }, { paths: ['/a?x'] }, { addresses: ['10.0.0.1/8'] }, { addresses: ['x'] }],
  ]
  for (const rule of wrong) {
    assert.throws(
      () => compileRules([{ id: 'the-rule', effect: 'allow', host: 'example.org', ...rule }]),
      (error) =>
        error instanceof EgressError && error.code === 'EGRESS_GRANT_INVALID' && error.where === 'the-rule',
      JSON.stringify(rule),
    )
  }
})
