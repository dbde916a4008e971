import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { house, until, type House, type Result } from '../kit/house.ts'
import { internet, type Internet } from '../kit/internet.ts'

// An agent that talks to an API with a key it never holds, and to nobody else.

const KEY = 'sk-ant-api03-q7Rk2vXw9LmZt4NbYc8HsJd3FgPe6TuV1oAiKrWx5MzQ'
const API = 'api.test'
const PLAIN = 'plain.test'
const NODE = process.execPath

const teardown: (() => Promise<void> | void)[] = []
const t = { after: (fn: () => Promise<void> | void) => void teardown.push(fn) }
let home: House
let world: Internet

before(async () => {
  home = house(t)
  world = await internet(t, {
    names: [API, PLAIN, 'elsewhere.test'],
    directory: home.home,
    serve: (request, body, response) => {
      const file = join(home.home, 'srv', request.url ?? '')
      const isMine = request.headers.authorization === `Bearer ${KEY}`
      if (request.url?.startsWith('/v1/repo.git/') && isMine) {
        if (existsSync(file.split('?')[0] ?? ''))
          return void response.end(readFileSync(file.split('?')[0] ?? ''))
        response.statusCode = 404
        return void response.end()
      }
      response.setHeader('content-type', 'application/json')
      response.statusCode = isMine || request.headers.host?.startsWith(PLAIN) ? 200 : 401
      response.end(JSON.stringify({ isMine, length: body.length, path: request.url }))
    },
    onUpgrade: (request, socket) => {
      if (request.headers.authorization !== `Bearer ${KEY}`)
        return void socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n')
      const accept = createHash('sha1')
        .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
        .digest('base64')
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      )
      socket.write(Buffer.from([0x81, 5, ...Buffer.from('hello')]))
    },
  })
  const policy = join(home.home, '.config/warder/policy.yaml')
  mkdirSync(dirname(policy), { recursive: true, mode: 0o700 })
  writeFileSync(
    policy,
    `version: 1
rules:
  - id: plain
    agents: [caller]
    effect: allow
    capabilities: ["net:connect:${PLAIN}:${world.port}"]
    reason: a tunnel nobody looks into
egress:
  - id: api
    hosts: [${API}]
    addresses: [127.0.0.0/8]
    methods: [GET, POST]
    paths: [/v1/**]
    inspect: true
  - id: plain
    hosts: [${PLAIN}]
    addresses: [127.0.0.0/8]
`,
    { mode: 0o600 },
  )
  repository(join(home.home, 'srv/v1/repo.git'))
  const set = await warder(
    ['secret', 'set', 'model-key', '--host', `${API}:${world.port}`, '--for', 'caller', '--place', 'header'],
    KEY,
  )
  assert.equal(set.code, 0, set.stderr)
})
after(async () => {
  for (const end of teardown.toReversed()) await end()
})

function warder(args: readonly string[], input?: string): Promise<Result> {
  return home.warder(args, { env: world.environment, ...(input === undefined ? {} : { input }) })
}

function run(...argv: readonly string[]): Promise<Result> {
  return warder(['run', '--agent', 'caller', '--secret', 'model-key', '--', ...argv])
}

/** A repository as any web server can give it away: plain files. */
function repository(bare: string): void {
  const tree = join(home.home, 'tree')
  mkdirSync(tree)
  mkdirSync(dirname(bare), { recursive: true })
  writeFileSync(join(tree, 'file.txt'), 'from the repository\n')
  const git = (...args: string[]) =>
    spawnSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], {
      cwd: tree,
      encoding: 'utf8',
    })
  if (git('init', '-q').error !== undefined) return // no git here
  git('add', '.')
  git('commit', '-qm', 'one')
  git('clone', '-q', '--bare', tree, bare)
  spawnSync('git', ['--git-dir', bare, 'update-server-info'])
}

/** A program for the inside, as an ES module. */
function script(text: string): readonly string[] {
  return [NODE, '--input-type=module', '-e', text]
}

const ASK = `const ask = async (url, more = {}) => {
  try {
    const answer = await fetch(url, more)
    return answer.status + ' ' + (await answer.text())
  } catch (error) {
    return 'failed ' + (error.cause?.cause?.message ?? error.cause?.message ?? error.message)
  }
}
const mine = { headers: { authorization: 'Bearer ' + process.env.MODEL_KEY } }
`

/** Looks for the key in all of the process's memory without ever having it: it is given backwards, and compared so. */
const SEARCH = `
import { openSync, readSync, readFileSync } from 'node:fs'
const backwards = ${JSON.stringify(KEY.split('').toReversed().join(''))}
const mem = openSync('/proc/self/mem', 'r')
let looked = 0
let found = 0
let alike = 0
for (const line of readFileSync('/proc/self/maps', 'latin1').split('\\n')) {
  const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? []
  if (from === undefined) continue
  const [start, end] = [BigInt('0x' + from), BigInt('0x' + to)]
  for (let at = start; at < end; at += 65536n) {
    const page = Buffer.alloc(65536 + 64)
    let size = 0
    try { size = readSync(mem, page, 0, page.length, at) } catch { break }
    looked += size
    const part = page.subarray(0, size)
    // the beginning is that of every key like it, and of the stand-in
    for (let i = part.indexOf('sk-ant-'); i !== -1; i = part.indexOf('sk-ant-', i + 1)) {
      alike++
      let same = 0
      while (same < backwards.length && page[i + same] === backwards.charCodeAt(backwards.length - 1 - same)) same++
      if (same === backwards.length) found++
    }
  }
}
console.log('memory', looked > 1_000_000, alike > 0, found)
`

test('a call with the stand-in arrives with the real key, which the agent never has: not in memory, not on disk', async () => {
  const url = `https://${API}:${world.port}/v1/messages`
  const inside = await run(
    ...script(`${ASK}
console.log(await ask(${JSON.stringify(url)}, { ...mine, method: 'POST', body: 'x'.repeat(10) }))
${SEARCH}
console.log('stand-in', process.env.MODEL_KEY)`),
  )
  assert.equal(inside.code, 0, inside.stderr)
  assert.match(inside.stdout, /200 \{"isMine":true,"length":10,"path":"\/v1\/messages"\}/)
  assert.match(inside.stdout, /^memory true true 0$/m) // much was looked at, the stand-in was there, the key was not
  const standIn = /stand-in (\S+)/.exec(inside.stdout)?.[1] ?? ''
  assert.equal(standIn.length, KEY.length)
  assert.notEqual(standIn, KEY)
  assert.ok(world.arrived().includes(`Bearer ${KEY}`))
  assert.ok(!world.arrived().includes(standIn), 'the stand-in stays at home')
  // the store, the ledger, the log, the workspace: whatever this house has written
  const found = spawnSync('grep', ['-rlaF', KEY, home.home], { encoding: 'utf8' })
  assert.equal(found.stdout, '', 'no file holds the key')
})

/** The package of this machine, wherever its Python has it, laid where a sandbox sees it. @returns whether there is one */
function bringPythonRequests(to: string): boolean {
  const where = `import os, requests, urllib3, idna, certifi, charset_normalizer as c
for m in (requests, urllib3, idna, certifi, c): print(os.path.dirname(m.__file__))`
  const { status, stdout } = spawnSync('python3', ['-c', where], { encoding: 'utf8' })
  if (status !== 0) return false
  for (const from of stdout.trim().split('\n')) cpSync(from, join(to, basename(from)), { recursive: true })
  return true
}

test('curl, Python, git and a WebSocket client go the same way with the key, each with what it trusts', async (s) => {
  const base = `https://${API}:${world.port}/v1`
  const bearer = '{"Authorization": "Bearer " + os.environ["MODEL_KEY"]}'
  const isMine = (path: string) => `{"isMine":true,"length":0,"path":"/v1/${path}"}`
  const has = (program: string) => existsSync(`/usr/bin/${program}`)
  const clients = [
    {
      ...{ name: 'curl', isHere: has('curl'), gives: isMine('curl') },
      line: `curl -s -H "Authorization: Bearer $MODEL_KEY" ${base}/curl`,
    },
    {
      ...{ name: 'urllib of Python', isHere: has('python3'), gives: isMine('urllib') },
      line: `python3 -c 'import os,urllib.request as u; print(u.urlopen(u.Request("${base}/urllib", headers=${bearer})).read().decode())'`,
    },
    {
      name: 'requests of Python',
      isHere: has('python3') && bringPythonRequests(join(home.workspace, 'packages')),
      gives: isMine('requests'),
      line: `PYTHONPATH=packages python3 -c 'import os,requests as r; print(r.get("${base}/requests", headers=${bearer}, timeout=30).text)'`,
    },
    {
      ...{ name: 'git', isHere: has('git'), gives: 'from the repository' },
      line: `git -c http.extraHeader="Authorization: Bearer $MODEL_KEY" clone -q ${base}/repo.git copy && cat copy/file.txt`,
    },
  ]
  for (const { name } of clients.filter(({ isHere }) => !isHere))
    s.diagnostic(`NOT tried, not on this machine: ${name}`)
  const here = clients.filter(({ isHere }) => isHere)
  const socket = `
const headers = { authorization: 'Bearer ' + process.env.MODEL_KEY }
const socket = new WebSocket('wss://${API}:${world.port}/v1/live', { headers })
socket.onmessage = ({ data }) => { console.log('socket', data); process.exit() }
socket.onerror = (event) => { console.log('socket failed', event.message); process.exit() }`
  writeFileSync(join(home.workspace, 'live.mjs'), socket)
  const inside = await run('/bin/sh', '-c', here.map(({ line }) => line).join('\n'))
  for (const { name, gives } of here)
    assert.ok(inside.stdout.includes(gives), `${name}: ${inside.stdout}${inside.stderr}`)
  assert.ok(!`${inside.stdout}${inside.stderr}`.includes(KEY))
  const live = await run(NODE, 'live.mjs')
  assert.equal(live.stdout, 'socket hello\n', live.stderr)
})

test('every other host, path and method is refused with the rule and what would change it', async () => {
  const inside = await run(
    ...script(`${ASK}
console.log('tunnel', (await ask('https://${PLAIN}:${world.port}/')).slice(0, 60))
console.log('path', await ask('https://${API}:${world.port}/v2/other', mine))
console.log('method', await ask('https://${API}:${world.port}/v1/x', { ...mine, method: 'DELETE' }))
import { request } from 'node:http'
const plain = await new Promise((done) => request({ port: 3128, path: 'http://elsewhere.test/', headers: { host: 'elsewhere.test' } }, done).end())
console.log('host', plain.statusCode, (await plain.toArray()).join(''))
console.log('secure', await ask('https://elsewhere.test/'))
import { lookup } from 'node:dns/promises'
console.log('name', await lookup('${API}').then(() => 'found', ({ code }) => code))
import { connect } from 'node:net'
const direct = connect(${world.port}, '127.0.0.1')
direct.on('connect', () => console.log('direct open')).on('error', ({ code }) => { console.log('direct', code) })`),
  )
  const said = inside.stdout
  // named as the policy file names it, where it would be changed
  assert.match(said, /^path 403 .*egress\.api does not allow this method and path/m)
  assert.match(said, /^method 403 .*\n?.*egress\.api/m)
  assert.match(said, /^host 403 [\s\S]*warder grant add caller net:connect:elsewhere\.test:80/m)
  assert.match(said, /^secure failed .*403/m)
  assert.match(said, /^name (?:EAI_AGAIN|ENOTFOUND)/m)
  assert.match(said, /^direct ECONNREFUSED$/m)
  assert.ok(!world.arrived().includes('/v2/other') && !world.arrived().includes('DELETE'))
  assert.ok(!world.namesAsked().includes('elsewhere.test'), 'not even its name was asked for')
  const refused = await warder(['audit', 'list', '--action', 'net:connect', '--decision', 'deny', '--json'])
  const targets = refused.json<{ entries: { target: string; rule: string }[] }>().entries
  assert.ok(targets.some(({ target }) => target === 'elsewhere.test:443'))
  const verified = await warder(['audit', 'verify'])
  assert.equal(verified.code, 0, verified.stderr)
})

test('what is open is listed, and is cut when its grant is taken back', async () => {
  const agent = home.start(
    [
      ...['run', '--agent', 'looper', '--grant', `net:connect:${API}:${world.port}`, '--'],
      ...script(`${ASK}
for (;;) {
  console.log(await ask('https://${API}:${world.port}/v1/again', mine))
  await new Promise((done) => setTimeout(done, 100))
}`),
    ],
    { env: world.environment },
  )
  let said = ''
  for (const out of [agent.stdout, agent.stderr]) out?.on('data', (part: Buffer) => (said += part.toString()))
  await until(() => said.includes('401 '), 'the first answer', 30_000).catch((error) =>
    assert.fail(`${error} in ${said}`),
  )
  const listed = (await warder(['egress', 'list', '--json'])).json<{
    ways: { agent: string; places: { host: string; rule: string }[] }[]
  }>()
  const place = listed.ways.find((way) => way.agent === 'looper')?.places.find(({ host }) => host === API)
  assert.match(place?.rule ?? '', /^grant\./)
  const revoked = await warder(['grant', 'revoke', (place?.rule ?? '').slice('grant.'.length)])
  assert.equal(revoked.code, 0, revoked.stderr)
  await until(() => /failed .*403/.test(said), 'the refusal after the grant was taken back', 60_000)
  agent.kill('SIGTERM')
})

test('who uses the twin of a key gets nowhere, and the key goes out of use', async () => {
  const inside = await run(
    ...script(`${ASK}
import { readFileSync } from 'node:fs'
const found = readFileSync('/run/secrets/.previous/model-key', 'utf8')
console.log(await ask('https://${API}:${world.port}/v1/found', { headers: { authorization: 'Bearer ' + found } }))
console.log('then', await ask('https://${API}:${world.port}/v1/after', mine))`),
  )
  assert.match(inside.stdout, /^(?:403 |failed )/, inside.stderr)
  assert.doesNotMatch(inside.stdout, /isMine":true/)
  assert.ok(!world.arrived().includes('/v1/found'))
  await until(async () => {
    const { secrets } = (await warder(['secret', 'list', '--json'])).json<{
      secrets: { name: string; disabled?: unknown }[]
    }>()
    return secrets.some(({ name, disabled }) => name === 'model-key' && Boolean(disabled))
  }, 'the key is out of use')
  const again = await run(NODE, '-e', '1')
  assert.equal(again.code, 3, again.stderr)
  const alerts = await warder(['audit', 'list', '--action', 'net:alert', '--json'])
  assert.match(alerts.stdout, /egress\.canary-used/)
})
