/** MCP servers of clients led through Warder and back: `warder setup mcp`, as a person uses it. */
import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { house } from '../kit/house.ts'

const home = house({ after })
const WARDER = new URL('../../bin/warder', import.meta.url).pathname
const KEY = 'ghp_0123456789abcdefghijABCDEFGHIJ012345'

/** As each client writes it, with what people leave in such files. */
const FILES = {
  '.claude.json': `{
  "numStartups": 3,
  "mcpServers": {
    "github": { "type": "stdio", "command": "npx", "args": ["-y", "server-github"], "env": { "GITHUB_TOKEN": "${KEY}" } },
    "far": { "type": "http", "url": "https://mcp.example.com/mcp?key=${KEY}" }
  },
  "projects": { "/work": { "mcpServers": {}, "history": [] } }
}`,
  '.codex/config.toml':
    'model = "gpt-5" # mine\r\n\r\n[mcp_servers.files]\r\ncommand = "npx"\r\nargs = ["-y", \'files\']\r\n\r\n[mcp_servers.files.env]\r\nA = "1"\r\n',
  '.cursor/mcp.json':
    '{\n\t// tools of mine\n\t"mcpServers": {\n\t\t"My Notes": {\n\t\t\t"command": "/opt/notes server"\n\t\t},\n\t}\n}\n',
  'work/.vscode/mcp.json':
    '{"inputs":[{"id":"k"}],"servers":{"web":{"command":"node","args":["web.js"],"cwd":"/x"}}}',
  'work/.mcp.json': '{ "mcpServers": { "web": { "command": "node", "args": [] } } }\n',
}

function write(): void {
  for (const [name, text] of Object.entries(FILES)) {
    const path = join(home.home, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
}
const read = (name: string): string => readFileSync(join(home.home, name), 'utf8')
const setup = (...args: string[]) => home.command(['setup', 'mcp', ...args])
const assertAsBefore = (): void => {
  for (const [name, text] of Object.entries(FILES)) assert.equal(read(name), text, name)
}

test('every client’s servers are led through Warder, and back byte for byte', async () => {
  write()
  const dry = await setup('--project', '.', '--dry-run')
  assert.equal(dry.code, 0, dry.stderr)
  assertAsBefore()
  const done = await setup('--project', '.', '--json')
  assert.equal(done.code, 0, done.stderr)
  const { files } = done.json<{ files: { client: string; wrapped: string[]; left: { name: string }[] }[] }>()
  assert.deepEqual(
    files.map(({ client, wrapped }) => `${client}: ${wrapped.join(' ')}`),
    ['claude-code: github', 'claude-code: web', 'codex: files', 'cursor: My Notes', 'vscode: web'],
  )
  assert.deepEqual(
    files[0]?.left.map(({ name }) => name),
    ['far'],
  )
  for (const { stdout, stderr } of [dry, done])
    assert.ok(!`${stdout}${stderr}`.includes(KEY), 'a key was shown')

  const claude = JSON.parse(read('.claude.json'))
  assert.deepEqual(claude.mcpServers.github, {
    type: 'stdio',
    command: WARDER,
    args: ['mcp', 'wrap', '--name', 'github', '--', 'npx', '-y', 'server-github'],
    env: { GITHUB_TOKEN: KEY },
  })
  assert.match(claude.mcpServers.far.url, /^https:\/\/mcp\.example\.com/)
  const vscode = JSON.parse(read('work/.vscode/mcp.json'))
  assert.deepEqual(vscode.servers.web.args, ['mcp', 'wrap', '--name', 'web', '--', 'node', 'web.js'])
  assert.ok(
    read('.codex/config.toml').includes(
      `args = ["mcp", "wrap", "--name", "files", "--", "npx", "-y", 'files']\r\n`,
    ),
  )
  assert.ok(read('.cursor/mcp.json').includes('// tools of mine'))
  assert.ok(read('.cursor/mcp.json').includes('"--name", "my-notes"'))

  const wrapped = Object.keys(FILES).map(read)
  assert.equal((await setup('--project', '.')).code, 0)
  assert.deepEqual(Object.keys(FILES).map(read), wrapped, 'done twice it changes nothing')
  const undone = await setup('--remove')
  assert.equal(undone.code, 0, undone.stderr)
  assertAsBefore()
  assert.equal((await setup('--remove')).code, 4)
})

test('what was changed since is kept, and a server added later is led through as well', async () => {
  write()
  await setup('cursor')
  const path = join(home.home, '.cursor/mcp.json')
  writeFileSync(
    path,
    read('.cursor/mcp.json').replace('"mcpServers": {', '"mcpServers": {\n\t\t"new": { "command": "x" },'),
  )
  const again = await setup('cursor', '--json')
  assert.deepEqual(again.json<{ files: { wrapped: string[] }[] }>().files[0]?.wrapped, ['new'])
  writeFileSync(path, `${read('.cursor/mcp.json')}// the end\n`)
  const undone = await setup('cursor', '--remove')
  assert.match(undone.stdout, /later changes kept/)
  const expected = FILES['.cursor/mcp.json'].replace(
    '"mcpServers": {',
    '"mcpServers": {\n\t\t"new": { "command": "x" },',
  )
  assert.equal(read('.cursor/mcp.json'), `${expected}// the end\n`)
})

test('a link stays a link and a mode a mode; what cannot be read stops everything before anything is written', async () => {
  write()
  const real = join(home.home, 'real.json')
  writeFileSync(real, FILES['.cursor/mcp.json'])
  chmodSync(real, 0o600)
  mkdirSync(join(home.home, '.kiro/settings'), { recursive: true })
  symlinkSync(real, join(home.home, '.kiro/settings/mcp.json'))
  assert.equal((await setup('kiro')).code, 0)
  assert.equal(statSync(real).mode & 0o777, 0o600)
  assert.ok(read('real.json').includes('mcp", "wrap"'))
  await setup('kiro', '--remove')
  assert.equal(read('real.json'), FILES['.cursor/mcp.json'])

  writeFileSync(join(home.home, '.codex/config.toml'), '[mcp_servers.a]\ncommand = "x\n')
  const refused = await setup('--json')
  assert.equal(refused.code, 2)
  assert.match(refused.stderr + refused.stdout, /config\.toml cannot be changed/)
  assert.equal(read('.claude.json'), FILES['.claude.json'])
  assert.ok(!existsSync(join(home.state, 'setup-mcp/x')))
})

test('a server that is reached by URL is bridged when that is asked for, and comes back as it was written', async () => {
  const text = `{"mcpServers": {"far":{"url":"https://mcp.example.com/mcp","headers":{"Authorization":"Bearer ${KEY}"}}}}`
  mkdirSync(join(home.home, '.kimi'), { recursive: true })
  writeFileSync(join(home.home, '.kimi/mcp.json'), text)
  const left = await setup('kimi')
  assert.match(left.stdout, /far is not led through Warder/)
  assert.equal(read('.kimi/mcp.json'), text)
  const done = await setup('kimi', '--remote')
  assert.equal(done.code, 0, done.stderr)
  assert.ok(!done.stdout.includes(KEY))
  const { command, args, env } = JSON.parse(read('.kimi/mcp.json')).mcpServers.far
  assert.equal(command, WARDER)
  const bridge = [
    WARDER,
    'mcp',
    'remote',
    'https://mcp.example.com/mcp',
    '--header',
    'Authorization: ${MCP_HEADER_1}',
  ]
  assert.deepEqual(args, ['mcp', 'wrap', '--name', 'far', '--', ...bridge])
  assert.deepEqual(env, { MCP_HEADER_1: `Bearer ${KEY}` })
  await setup('kimi', '--remove')
  assert.equal(read('.kimi/mcp.json'), text)
})
