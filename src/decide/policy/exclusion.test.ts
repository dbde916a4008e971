import { test } from 'node:test'
import assert from 'node:assert/strict'
import { act, agent, as, engineWith, held, NOW, owner, rule } from './fixture.test-kit.ts'

const PLACES = {
  homes: ['/srv/people/eve'],
  keyStore: ['/var/lib/warder/keys'],
  ledger: ['/var/lib/warder/ledger'],
  policy: ['/etc/warder/policy.yaml'],
  state: ['/run/warder'],
}
const WORKSPACES = [
  { agent: 'builder', path: '/srv/work/builder' },
  { agent: 'other', path: '/srv/work/other' },
  { agent: 'inner', path: '/srv/work/builder/sub' },
]

/** An engine in which every agent may do everything with files, if nothing stands before it. */
function wideOpen() {
  const engine = engineWith({
    places: PLACES,
    workspaces: WORKSPACES,
    rules: [
      {
        ...rule('all', 'allow', 'fs:*', 'process:*'),
        roles: ['agent', 'guest', 'operator'],
        risk_at_most: 'high',
      },
    ],
  })
  engine.admit(held('wide', 'builder', 'fs:*'))
  return engine
}

const SHUT: Readonly<Record<string, readonly string[]>> = {
  shadow: [
    '/etc/shadow',
    '/etc/gshadow',
    '/etc/shadow-',
    '/etc/shadow.bak',
    '/etc/sudoers',
    '/etc/sudoers.d',
    '/etc/sudoers.d/x',
    '/etc/SHADOW',
    '/ETC/shadow',
    '/var/backups/shadow.bak',
  ],
  'private-keys': [
    '/root/.ssh',
    '/root/.ssh/id_ed25519',
    '/home/a/.ssh/config',
    '/home/a/.SSH/id_rsa',
    '/srv/backup/home/a/.ssh/id_rsa',
    '/home/a/.gnupg/x',
    '/home/a/tls.pem',
    '/home/a/id_rsa',
    '/srv/people/eve/id_rsa',
    '/etc/ssh/ssh_host_rsa_key',
    '/etc/ssl/private/x',
  ],
  'cloud-credentials': [
    '/home/a/.aws/credentials',
    '/root/.kube/config',
    '/home/a/.docker/config.json',
    '/home/a/.config/gcloud/x',
    '/srv/people/eve/.netrc',
    '/home/a/.npmrc',
    '/home/a/.git-credentials',
  ],
  'browser-profiles': [
    '/home/a/.mozilla/firefox/x',
    '/home/a/.config/BraveSoftware/x',
    '/home/a/snap/firefox/x',
  ],
  'password-stores': ['/home/a/.password-store/x.gpg', '/home/a/.local/share/keyrings/login.keyring'],
  'back-doors': [
    '/proc/self/root/etc/shadow',
    '/proc/1/environ',
    '/proc/thread-self/fd/3',
    '/proc/7/task/8/root/x',
    '/dev/sda1',
    '/dev/mem',
    '/run/docker.sock',
    '/var/run/docker.sock',
  ],
  'key-store': ['/var/lib/warder/keys', '/var/lib/warder/keys/grant.pem'],
  ledger: ['/var/lib/warder/ledger/segment-00000001.db', '/var/lib/warder/LEDGER/x'],
  'policy-files': ['/etc/warder/policy.yaml'],
  'warder-state': ['/run/warder/warder.sock'],
  'other-workspace': ['/srv/work/other', '/srv/work/other/a/b', '/srv/work/builder/sub/x'],
}
const FOR_OWNER = new Set(['shadow', 'private-keys', 'key-store', 'ledger', 'policy-files', 'warder-state'])
const TWINS = [
  '/etc/shadowy',
  '/etc/shado',
  '/etc/passwd',
  '/home/a/ssh/id',
  '/home/a/.sshd/x',
  '/home/a/.awsome',
  '/home/a/project/.npmrc',
  '/home/a/.docker/other.json',
  '/srv/work/otherwise/x',
  '/srv/work/builder/x',
  '/srv/work/builder/subtle',
  '/var/lib/warder/keysmith',
  '/run/warder2',
  '/etc/%73hadow',
  '/proc/1/status',
  '/proc/self',
  '/dev/null',
  '/home/a/pem',
  '/etc/sudo.conf',
]
const REFUSED = [
  '/etc/../etc/shadow',
  '/etc/./shadow',
  '/etc//shadow',
  '//etc/shadow',
  '/etc/shadow/',
  '/etc/shadow\u0000',
  '/etc/shadow\u0000.txt',
  '/etc\\shadow',
  'etc/shadow',
  '~/.ssh/id',
  '/home/a/.ssh/../.ssh/id',
]

test('what is excluded stays shut, whatever rules and grants say, for every action on files', () => {
  const engine = wideOpen()
  for (const [name, paths] of Object.entries(SHUT)) {
    for (const path of paths) {
      for (const verb of ['read', 'write', 'mkdir', 'delete', 'list']) {
        const decision = engine.decide(agent(), act(`fs:${verb}:${path}`), NOW)
        assert.equal(decision.effect, 'deny', `${verb} ${path}`)
        assert.equal(decision.rule, `exclusion.${name}`, `${verb} ${path}`)
      }
      assert.equal(engine.decide(agent(), act(`process:spawn:${path}`), NOW).effect, 'deny', path)
      for (const role of ['guest', 'operator'] as const) {
        assert.equal(engine.decide(as(role), act(`fs:read:${path}`), NOW).effect, 'deny', path)
      }
    }
  }
})

test('the owner is kept from keys, password hashes and what is Warder’s own, and from nothing else', () => {
  const engine = wideOpen()
  for (const [name, paths] of Object.entries(SHUT)) {
    for (const path of paths) {
      const { effect } = engine.decide(owner, act(`fs:read:${path}`), NOW)
      const isKept = FOR_OWNER.has(name)
      assert.equal(effect, isKept ? 'deny' : 'allow', path)
    }
  }
})

test('names that only look like excluded ones are not excluded', () => {
  const engine = wideOpen()
  for (const path of TWINS)
    assert.equal(engine.decide(agent(), act(`fs:read:${path}`), NOW).effect, 'allow', path)
})

test('another spelling of an excluded path is refused as a resource', () => {
  const engine = wideOpen()
  for (const path of REFUSED) {
    for (const who of [agent(), owner]) {
      assert.equal(
        engine.decide(who, act(`fs:read:${path}`), NOW).rule,
        'resource.invalid',
        JSON.stringify(path),
      )
    }
  }
})

test('deleting a directory that holds something excluded is denied', () => {
  const engine = wideOpen()
  for (const path of [
    '/',
    '/etc',
    '/home',
    '/home/a',
    '/root',
    '/var/lib',
    '/var/lib/warder',
    '/srv/people/eve',
    '/home/a/.config',
    '/srv/work',
    '/srv/work/builder',
    '/proc',
  ]) {
    assert.equal(engine.decide(agent(), act(`fs:delete:${path}`), NOW).effect, 'deny', path)
    assert.equal(engine.decide(agent(), act(`fs:list:${path}`), NOW).effect, 'allow', path)
  }
  assert.equal(engine.decide(agent(), act('fs:delete:/srv/work/builder/x'), NOW).effect, 'allow')
})

test('agents that share a directory may both use it; the innermost workspace decides', () => {
  const engine = wideOpen()
  engine.setWorkspaces([...WORKSPACES, { agent: 'builder', path: '/srv/work/other' }])
  assert.equal(engine.decide(agent(), act('fs:read:/srv/work/other/x'), NOW).effect, 'allow')
  assert.equal(engine.decide(agent('other'), act('fs:read:/srv/work/other/x'), NOW).effect, 'allow')
  assert.equal(engine.decide(agent('inner'), act('fs:read:/srv/work/other/x'), NOW).effect, 'deny')
  assert.equal(engine.decide(agent('inner'), act('fs:read:/srv/work/builder/sub/x'), NOW).effect, 'allow')
  assert.equal(engine.decide(agent('inner'), act('fs:read:/srv/work/builder/x'), NOW).effect, 'deny')
})

test('a workspace that would widen a pattern is refused, and the ones before stay', () => {
  const engine = wideOpen()
  for (const path of ['/', '/srv/*', 'srv', '/srv/', '/srv/../x', '/srv/a\\b']) {
    assert.throws(() => engine.setWorkspaces([{ agent: 'x', path }]), { code: 'PATTERN_INVALID' }, path)
  }
  assert.equal(
    engine.decide(agent(), act('fs:read:/srv/work/other/x'), NOW).rule,
    'exclusion.other-workspace',
  )
})
