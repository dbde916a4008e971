/**
 * A configuration for unbound: a resolver of this machine's own that asks others only over TLS, answers no private
 * address to a public name, and does not know the names on the block list.
 *
 * @see unbound.conf(5)
 */
import type { FirewallSettings } from './settings.ts'

/** Where certificates of the upstream are checked against. */
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt'
/** A public name that leads here is a trap: a page in a browser would reach what is inside (DNS rebinding). */
const PRIVATE = [
  ...[
    '0.0.0.0/8',
    '10.0.0.0/8',
    '100.64.0.0/10',
    '127.0.0.0/8',
    '169.254.0.0/16',
    '172.16.0.0/12',
    '192.168.0.0/16',
  ],
  ...['::1/128', '::ffff:0:0/96', 'fc00::/7', 'fe80::/10'],
]
const SERVER: readonly (readonly [string, string])[] = [
  ['interface', '127.0.0.1'],
  ['interface', '::1'],
  ['port', '53'],
  ['access-control', '0.0.0.0/0 refuse'],
  ['access-control', '::/0 refuse'],
  ['access-control', '127.0.0.0/8 allow'],
  ['access-control', '::1/128 allow'],
  ['hide-identity', 'yes'],
  ['hide-version', 'yes'],
  ['harden-glue', 'yes'],
  ['harden-dnssec-stripped', 'yes'],
  ['harden-below-nxdomain', 'yes'],
  ['harden-referral-path', 'yes'],
  ['use-caps-for-id', 'no'],
  ['qname-minimisation', 'yes'],
  ['minimal-responses', 'yes'],
  ['deny-any', 'yes'],
  ['ratelimit', '1000'],
  // names that were known keep working for a day while nothing outside can be reached
  ['serve-expired', 'yes'],
  ['serve-expired-ttl', '86400'],
  ['tls-cert-bundle', `"${CERTIFICATES}"`],
]

/** The whole file. Without an upstream it asks the root servers itself, which nobody encrypts. */
export function unboundConfig({ upstreams, blockedNames }: FirewallSettings): string {
  return [
    '# Written by: warder firewall resolver',
    'server:',
    ...SERVER.map(([key, value]) => `    ${key}: ${value}`),
    ...PRIVATE.map((block) => `    private-address: ${block}`),
    ...blockedNames.map((name) => `    local-zone: "${name}." always_nxdomain`),
    'remote-control:',
    '    control-enable: no',
    ...(upstreams.length === 0
      ? []
      : [
          'forward-zone:',
          '    name: "."',
          '    forward-tls-upstream: yes',
          // asked in the clear when they do not answer: that is what must not happen
          '    forward-first: no',
          ...upstreams.map((upstream) => `    forward-addr: ${upstream}`),
        ]),
    '',
  ].join('\n')
}

/** What is wrong with a configuration of the resolver, whoever wrote it; empty when nothing is. */
export function lintUnbound(text: string): string[] {
  const lines = text.split('\n').map((line, index) => ({ number: index + 1, ...readLine(line) }))
  const values = (key: string) => lines.filter((line) => line.key === key).map(({ value }) => value)
  const must = (key: string, value: string, why: string) =>
    values(key).at(-1) === value ? [] : [`${key} must be ${value}: ${why}`]
  const strange = lines
    .filter(({ isKnown }) => !isKnown)
    .map(({ number }) => `line ${number} is not of the form key: value`)
  const listening = values('interface').filter((at) => !/^(?:127\.|::1$)/.test(at))
  const openTo = values('access-control').filter((each) => /(?:^0\.0\.0\.0\/0|^::\/0) allow/.test(each))
  const clear = values('forward-addr').filter((each) => !/^[0-9a-fA-F:.]+@\d+#\S+$/.test(each))
  return [
    ...strange,
    ...(values('interface').length === 0 ? ['interface is not set, so its default decides who can ask'] : []),
    ...listening.map((at) => `interface ${at} can be reached from outside`),
    ...openTo.map((each) => `access-control ${each}: anybody may ask, and it can be used to flood others`),
    ...clear.map((each) => `forward-addr ${each} names no certificate, so anybody on the way can answer`),
    ...(values('forward-addr').length === 0
      ? ['forward-addr is not set: names go to the root servers unencrypted']
      : [
          ...must('forward-tls-upstream', 'yes', 'names would travel in the clear'),
          ...must('forward-first', 'no', 'it would ask in the clear when TLS fails'),
        ]),
    ...must('harden-dnssec-stripped', 'yes', 'a signature could be taken off on the way'),
    ...must('hide-version', 'yes', 'it tells attackers what to try'),
    ...(values('private-address').length === 0
      ? ['private-address is not set: public names can lead into your network']
      : []),
    ...(values('control-enable').at(-1) === 'yes'
      ? ['control-enable must be no: its port changes everything']
      : []),
  ]
}

function readLine(line: string): { readonly key: string; readonly value: string; readonly isKnown: boolean } {
  // a comment begins at the line's start or after a space: the # of an upstream's name is none
  const text = line.replace(/(?:^|\s)#.*$/, '').trim()
  if (text === '') return { key: '', value: '', isKnown: true }
  const [, key = '', value = ''] = /^([a-z][a-z0-9-]*):\s*(.*)$/.exec(text) ?? []
  return { key, value, isKnown: key !== '' }
}
