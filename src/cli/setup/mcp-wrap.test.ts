import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { plainOf, readJsonText } from '../../core/json-text.ts'
import { clientNamed, filesOf, MCP_CLIENTS } from './mcp-clients.ts'
import { entriesIn, nodeOf } from './mcp-entries.ts'
import { ownCommand, policyName, unwrapAll, wrapAll } from './mcp-wrap.ts'

const PROGRAM = { path: '/opt/warder/bin/warder', settings: [] }
const of = (name: string) => clientNamed(name)!

const CLAUDE = `{
  "numStartups": 12,
  // of this machine
  "mcpServers": {
    "files": { "type": "stdio", "command": "npx", "args": ["-y", "server-filesystem", "/work"], "env": {} },
    "bare": { "command": "/opt/bare server", /* no arguments */ "env": { "TOKEN": "x" } },
    "far": { "type": "http", "url": "https://mcp.example.com/mcp", "headers": { "A": "b" } },
  },
  "projects": { "/work": { "mcpServers": { "inner": { "command": "node", "args": [] } } } }
}
`
const CODEX = `model = "gpt-5"   # mine
[mcp_servers.files]
command = "npx"
args = [
  "-y", # yes
  'server-filesystem',
]
startup_timeout_sec = 20

[mcp_servers.files.env]
"API_KEY" = "k"

[mcp_servers."with dot.name"]
command = 'bare' # nothing behind it

[mcp_servers]
inline = { command = "node", env = { A = "1" } }

[mcp_servers.far]
url = "https://mcp.example.com"
[profiles.x]
approval = """
never
"""
`

for (const [name, text, expected] of [
  ['claude-code', CLAUDE, ['files', 'bare', 'inner']],
  ['cursor', CLAUDE.replaceAll('\n', '\r\n'), ['files', 'bare']],
  ['vscode', '{"inputs":[],"servers":{"a b":{"command":"x","args":["--","y"]}}}', ['a b']],
  ['amp', '{\n\t"amp.mcpServers": {\n\t\t"x": {\n\t\t\t"command": "y"\n\t\t}\n\t}\n}', ['x']],
  ['opencode', '{"mcp":{"x":{"type":"local","command":["bun","x"],"environment":{"A":"1"}}}}', ['x']],
  ['zed', '{"context_servers":{"x":{"command":{"path":"y","args":["z"]}}}}', ['x']],
  ['codex', CODEX, ['files', 'with dot.name', 'inline']],
] as const) {
  test(`${name}: every server of this machine is led through Warder, and what is taken out again is what was there`, () => {
    const client = of(name)
    const { text: wrapped, wrapped: names, made } = wrapAll(client, text, PROGRAM)
    assert.deepEqual(names, expected)
    const before = entriesIn({ client }, text)
    const after = entriesIn({ client }, wrapped)
    for (const [index, entry] of after.entries()) {
      const { name: server, command, environment, url } = before[index]!
      assert.deepEqual([entry.name, entry.environment, entry.url], [server, environment, url])
      if (!names.includes(server as never)) continue
      assert.deepEqual(entry.command, [
        PROGRAM.path,
        'mcp',
        'wrap',
        '--name',
        policyName(server),
        '--',
        ...(command ?? []),
      ])
    }
    const again = wrapAll(client, wrapped, PROGRAM)
    assert.deepEqual([again.text, again.wrapped, again.already], [wrapped, [], expected])
    assert.deepEqual(plainOf(nodeOf(client, unwrapAll(client, wrapped, made))), plainOf(nodeOf(client, text)))
    assert.equal(
      unwrapAll(client, wrapped, made).replaceAll("'bare'", '"bare"'),
      text.replaceAll("'bare'", '"bare"'),
    )
  })
}

test('only our own words are taken for ours', () => {
  const entry = (command: readonly string[]) => ({
    name: 'x',
    keys: [],
    environment: {},
    isOff: false,
    command,
  })
  assert.deepEqual(ownCommand(entry(['/a/warder', 'mcp', 'wrap', '--name', 'x', '--', 'npx', '--', 'y'])), [
    'npx',
    '--',
    'y',
  ])
  for (const command of [
    ['warder', 'run', '--', 'x'],
    ['npx', 'mcp', 'wrap', '--', 'x'],
    ['mcp', 'wrap', '--'],
    ['/a/warder', 'mcp', 'wrap'],
  ])
    assert.equal(ownCommand(entry(command)), undefined)
})

test('policy calls a server what it can, and two it cannot tell apart are left alone', () => {
  assert.deepEqual(['My Server', 'a.b_c', '  x  ', '日本'].map(policyName), ['my-server', 'a.b_c', 'x', ''])
  const text =
    '{"mcpServers":{"A b":{"command":"x"},"a-b":{"command":"y"},"日本":{"command":"z"},"c":{"command":"c"}}}'
  const { wrapped, left } = wrapAll(of('cursor'), text, PROGRAM)
  assert.deepEqual([wrapped, left.map(({ name }) => name)], [['c'], ['A b', 'a-b', '日本']])
})

test('what cannot be read or changed safely is refused', () => {
  const bad = [
    ['cursor', '{"mcpServers":{"a":{"command":"x"},"a":{"command":"y"}}}'],
    ['cursor', '{"mcpServers":[]}'],
    ['cursor', '{"mcpServers":{"a":{"command":"x","args":"y"}}'],
    ['codex', '[mcp_servers.a]\ncommand = "x'],
    ['codex', '[mcp_servers.a]\ncommand = "x"\ncommand = "y"'],
    ['codex', 'mcp_servers.a.command = "x"'],
  ] as const
  for (const [name, text] of bad) assert.throws(() => wrapAll(of(name), text, PROGRAM), Error, text)
})

test('whatever the servers are: wrapped, each is ours, and unwrapped, all is as it was', () => {
  const entry = fc.record(
    { command: fc.string({ minLength: 1 }), args: fc.array(fc.string()) },
    { requiredKeys: ['command'] },
  )
  const servers = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}[ A-Z-]{0,2}$/), entry)
  const client = of('cursor')
  fc.assert(
    fc.property(servers, fc.constantFrom(0, 2, '\t'), (mcpServers, indent) => {
      const before = JSON.stringify({ mcpServers }, undefined, indent)
      const { text, made, left } = wrapAll(client, before, PROGRAM)
      for (const each of entriesIn({ client }, text))
        assert.ok(ownCommand(each) !== undefined || left.some(({ name }) => name === each.name))
      assert.deepEqual(plainOf(readJsonText(unwrapAll(client, text, made))), plainOf(readJsonText(before)))
    }),
  )
})

test('files are looked for where each client keeps them', () => {
  const scope = {
    home: '/h',
    environment: { CODEX_HOME: '/c', CLAUDE_CONFIG_DIR: 'relative' },
    project: '/p',
    platform: 'linux',
  } as const
  const paths = MCP_CLIENTS.flatMap((client) => filesOf(client, scope)).map(({ path }) => path)
  for (const path of [
    '/h/.claude.json',
    '/p/.mcp.json',
    '/c/config.toml',
    '/h/.cursor/mcp.json',
    '/h/.config/Code/User/mcp.json',
    '/h/.config/goose/config.yaml',
  ])
    assert.ok(paths.includes(path), path)
  const mac = filesOf(of('claude-desktop'), { ...scope, platform: 'darwin' })
  assert.equal(mac[0]?.path, '/h/Library/Application Support/Claude/claude_desktop_config.json')
})
