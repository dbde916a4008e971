import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { house } from '../kit/house.ts'
import { realServer, wrapped } from '../kit/mcp.ts'
import { configure } from '../kit/owner.ts'

const home = house({ after })
const at = (name: string): string => join(home.workspace, name)

configure(
  home,
  'policy.yaml',
  `version: 1
rules:
  - id: own-workspace
    agents: ["*"]
    effect: allow
    capabilities: ["fs:read:\${WORKSPACE}/**", "fs:list:\${WORKSPACE}/**", "fs:write:\${WORKSPACE}/**"]
    reason: an agent works in its own workspace
mcp:
  servers:
    files:
      tier: verified
      tools:
        "read_*": allow
        list_directory: { action: allow, arguments: { path: { path: list } } }
        write_file: { action: allow, arguments: { path: { path: write, below: ["\${WORKSPACE}/out"] }, content: { text: true } } }
    memory:
      tier: trusted
      tools: { "*": allow, "delete_*": deny }
    everything:
      tier: trusted
      tools: { echo: allow, get-sum: allow, get-structured-content: allow, get-env: allow }
      resources: { "demo://*": allow }
      prompts: { "simple-*": allow }
    other:
      command: [/usr/bin/true]
      tools: { "*": allow }
`,
)
writeFileSync(at('note.txt'), 'an honest note\n')
writeFileSync(join(home.home, 'outside.txt'), 'not for agents\n')

test('the filesystem server does its honest work, and no more than policy names', async (t) => {
  const it = await wrapped(t, home, 'files', realServer('filesystem', home.workspace))
  const names = await it.names()
  assert.ok(names.includes('read_text_file') && !names.includes('move_file') && !names.includes('edit_file'))
  assert.equal(await it.text('read_text_file', { path: at('note.txt') }), 'an honest note\n')
  assert.match(await it.text('list_directory', { path: home.workspace }), /note\.txt/)
  const denied = [
    ['move_file', { source: at('note.txt'), destination: at('x') }, 'default'],
    ['read_text_file', { path: join(home.home, 'outside.txt') }, 'default'],
    ['read_text_file', { path: '/etc/shadow' }, 'exclusion.shadow'],
    ['read_text_file', { path: at('../../../etc/shadow') }, 'exclusion.shadow'],
    ['write_file', { path: at('note.txt'), content: 'x' }, 'argument.below'],
    ['write_file', { path: at('out/../note.txt'), content: 'x' }, 'argument.below'],
    ['read_text_file', { path: 3 }, 'schema.input'],
  ] as const
  for (const [tool, given, rule] of denied) {
    const { data, message } = await it.refused(tool, given)
    assert.equal(data['rule'], rule, `${tool} ${JSON.stringify(given)}: ${message}`)
    assert.ok(String(data['fix']).length > 0 && message.includes(rule))
  }
  assert.equal(readFileSync(at('note.txt'), 'utf8'), 'an honest note\n')
  const listed = (await home.command(['mcp', 'list', '--json'])).json<{
    sessions: { server: string; calls: number }[]
  }>()
  assert.equal(listed.sessions[0]?.server, 'files')
  assert.ok((listed.sessions[0]?.calls ?? 0) >= 9)
})

test('the memory and everything servers pass unchanged; environment, resources and prompts as policy says', async (t) => {
  const memory = await wrapped(t, home, 'memory', realServer('memory'), {
    env: { MEMORY_FILE_PATH: at('memory.json') },
  })
  const entities = [{ name: 'Ada', entityType: 'person', observations: ['writes programs'] }]
  await memory.text('create_entities', { entities })
  assert.deepEqual(JSON.parse(await memory.text('search_nodes', { query: 'Ada' })).entities, entities)
  assert.equal(
    (await memory.refused('delete_entities', { entityNames: ['Ada'] })).data['rule'],
    'mcp.memory.tools',
  )
  const every = await wrapped(t, home, 'everything', realServer('everything', 'stdio'))
  assert.deepEqual((await every.names()).toSorted(), ['echo', 'get-env', 'get-structured-content', 'get-sum'])
  assert.equal(await every.text('echo', { message: 'Grüße aus Köln' }), 'Echo: Grüße aus Köln')
  const weather = await every.client.callTool({
    name: 'get-structured-content',
    arguments: { location: 'Chicago' },
  })
  assert.equal(typeof weather.structuredContent, 'object')
  const { resources } = await every.client.listResources()
  assert.ok(resources.length > 0 && resources.every(({ uri }) => uri.startsWith('demo://')))
  assert.ok((await every.client.readResource({ uri: resources[0]!.uri })).contents.length > 0)
  await assert.rejects(
    every.client.readResource({ uri: 'file:///etc/passwd' }),
    /no rule allows the resource/,
  )
  assert.deepEqual(
    (await every.client.listPrompts()).prompts.map(({ name }) => name),
    ['simple-prompt'],
  )
  await assert.rejects(
    every.client.getPrompt({ name: 'args-prompt', arguments: { city: 'x' } }),
    /no rule allows/,
  )
})

test('receipts of the calls verify, and a changed one does not', async () => {
  const directory = join(home.state, 'mcp/receipts')
  const [file] = readdirSync(directory)
    .map((name) => join(directory, name))
    .toSorted()
  const good = await home.command(['mcp', 'receipts', 'verify', file!, '--json'])
  assert.equal(good.code, 0, good.stderr)
  const { count, digest } = good.json<{ count: number; digest: string }>()
  assert.ok(count >= 9)
  const text = readFileSync(file!, 'utf8')
  assert.equal(text.includes('honest note'), false, 'values are told by their digests alone')
  const ends = await home.command(['audit', 'list', '--action', 'mcp:session-end', '--json'])
  assert.ok(ends.stdout.includes(digest), 'the head is on record')
  const copy = join(home.home, 'copy.jsonl')
  const lines = text.split('\n')
  const changed = {
    outcome: text.replace('"outcome":"refused"', '"outcome":"success"'),
    left: [...lines.slice(0, 3), ...lines.slice(4)].join('\n'),
    turned: [lines[1], lines[0], ...lines.slice(2)].join('\n'),
    cut: text.slice(0, -1),
  }
  for (const [what, bytes] of Object.entries(changed)) {
    writeFileSync(copy, bytes)
    assert.equal((await home.command(['mcp', 'receipts', 'verify', copy])).code, 8, what)
  }
  writeFileSync(copy, lines.slice(0, 3).join('\n') + '\n')
  assert.equal((await home.command(['mcp', 'receipts', 'verify', copy])).code, 0)
  assert.equal(
    (await home.command(['mcp', 'receipts', 'verify', copy, '--head', digest])).code,
    8,
    'the end is missing',
  )
  writeFileSync(join(home.home, 'key.pem'), (await home.command(['mcp', 'receipts', 'key'])).stdout)
  const elsewhere = ['mcp', 'receipts', 'verify', file!, '--key', join(home.home, 'key.pem')]
  assert.equal((await home.command(elsewhere)).code, 0)
})

test('a server the policy does not name, or names as another command, is not started', async () => {
  const unknown = await home.warder(['mcp', 'wrap', '--name', 'nobody', '--', '/usr/bin/true'])
  assert.deepEqual([unknown.code, unknown.stdout], [3, ''])
  assert.match(unknown.stderr, /the policy names no MCP server nobody/)
  const other = await home.warder(['mcp', 'wrap', '--name', 'other', '--', '/usr/bin/false'])
  assert.equal(other.code, 3)
  assert.match(other.stderr, /something else than the policy says/)
})
