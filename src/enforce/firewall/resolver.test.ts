import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkResolver } from './resolver-check.ts'
import { lintUnbound, unboundConfig } from './resolver.ts'
import { readSettings } from './settings.ts'

const settings = readSettings([
  {
    key: 'resolver.upstreams',
    value: '192.0.2.1@853#dns.example.org,2001:db8::1@853#dns.example.org',
    where: '',
  },
  { key: 'resolver.block', value: 'ads.example.com', where: '' },
])

test('what is generated passes its own rules, and unbound’s where it is installed', async (context) => {
  const text = unboundConfig(settings)
  const { problems, checker } = await checkResolver(text)
  assert.deepEqual(problems, [])
  assert.match(text, /local-zone: "ads\.example\.com\." always_nxdomain/)
  if (checker !== 'accepted') context.diagnostic(checker)
})

test('each way to make it unsafe is named', () => {
  const text = unboundConfig(settings)
  const unsafe: readonly [string, string, RegExp][] = [
    ['interface: 127.0.0.1', 'interface: 0.0.0.0', /reached from outside/],
    ['access-control: 0.0.0.0/0 refuse', 'access-control: 0.0.0.0/0 allow', /anybody may ask/],
    ['192.0.2.1@853#dns.example.org', '192.0.2.1', /names no certificate/],
    ['forward-tls-upstream: yes', 'forward-tls-upstream: no', /in the clear/],
    ['forward-first: no', 'forward-first: yes', /in the clear/],
    ['harden-dnssec-stripped: yes', 'harden-dnssec-stripped: no', /taken off/],
    ['control-enable: no', 'control-enable: yes', /changes everything/],
    ['server:', 'server', /line 2 is not of the form/],
  ]
  for (const [good, bad, words] of unsafe) {
    assert.ok(text.includes(good), good)
    assert.match(lintUnbound(text.replace(good, bad)).join('\n'), words)
  }
  assert.match(lintUnbound('').join('\n'), /interface is not set/)
})
