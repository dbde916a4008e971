import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  canHarnessAsk,
  deedsOf,
  HARNESSES,
  HookError,
  readPayload,
  wordsFor,
  type HookCall,
} from './index.ts'

interface Vector {
  readonly about: string
  readonly payload: Readonly<Record<string, unknown>>
  readonly read: Partial<HookCall>
  readonly deeds: readonly object[] | null
}

const FOLDER = new URL('../../../test/vectors/hooks/', import.meta.url)
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.json'))
const VECTORS = FILES.flatMap((name) => JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as Vector[])

const bytesOf = (payload: unknown) => Buffer.from(JSON.stringify(payload))

test('each harness has recorded payloads', () => {
  assert.deepEqual(FILES.toSorted(), HARNESSES.map((name) => `${name}.json`).toSorted())
  assert.ok(VECTORS.length >= 20)
})

for (const { about, payload, read, deeds } of VECTORS) {
  test(`${read.harness}: ${about}`, () => {
    const call = readPayload(bytesOf(payload))
    for (const [key, value] of Object.entries(read)) assert.equal(call[key as keyof HookCall], value, key)
    if (deeds !== null) assert.deepEqual(deedsOf(call), deeds)
  })
}

const CLAUDE = VECTORS.find(({ payload }) => payload['tool_name'] === 'Bash')!.payload

function refused(payload: unknown, why: RegExp): void {
  const bytes =
    payload instanceof Uint8Array
      ? payload
      : typeof payload === 'string'
        ? Buffer.from(payload)
        : bytesOf(payload)
  assert.throws(
    () => {
      const call = readPayload(bytes)
      return deedsOf(call)
    },
    (error) => error instanceof HookError && why.test(error.message),
  )
}

test('what is not one well-formed payload is refused, with the reason', () => {
  refused('', /a value is missing/)
  refused('[]', /not an object/)
  refused(Buffer.from([0x7b, 0xff, 0x7d]), /not UTF-8/)
  refused(`${JSON.stringify(CLAUDE)} {}`, /something follows/)
  refused(JSON.stringify(CLAUDE).replace('{', '{"tool_name":"Read",'), /"tool_name" stands twice/)
  refused(JSON.stringify(CLAUDE).replace('"command":', '"command":"ls","command":'), /"command" stands twice/)
  refused(JSON.stringify(CLAUDE).replace('"command":"', '"command":"\\ud800'), /half a character/)
  refused(Buffer.alloc(1024 * 1024 + 1, 0x20), /larger than 1048576 bytes/)
})

test('an event, a tool or a session nobody knows is refused, not passed over', () => {
  refused({ ...CLAUDE, hook_event_name: 'pretooluse' }, /no event "pretooluse"/)
  refused({ ...CLAUDE, hook_event_name: 'Stop' }, /no event "Stop"/)
  refused({ ...CLAUDE, hook_event_name: 'constructor' }, /no event/)
  refused({ ...CLAUDE, hook_event_name: 7 }, /is not a text/)
  refused({ ...CLAUDE, session_id: '../../x' }, /session id/)
  refused({ ...CLAUDE, session_id: '' }, /session id/)
  refused({ ...CLAUDE, tool_name: 'Ba\u0000sh' }, /its tool/)
  refused({ ...CLAUDE, tool_input: 'not json' }, /cannot be used/)
  refused({ ...CLAUDE, tool_input: [] }, /not an object/)
  refused({ ...CLAUDE, cwd: 'relative' }, /no absolute path/)
  refused({ some: 'thing' }, /no harness Warder knows/)
})

test('a tool that is known and is given nothing to act on is refused', () => {
  refused({ ...CLAUDE, tool_input: {} }, /has no command/)
  refused({ ...CLAUDE, tool_input: { command: '' } }, /has no command/)
  refused(
    { ...CLAUDE, tool_name: 'Write', tool_input: { path: 3 } },
    /the path of the tool.s input is not a text/,
  )
  refused({ ...CLAUDE, tool_name: 'editFiles', tool_input: { files: [] } }, /nothing to act on/)
  refused({ ...CLAUDE, tool_name: 'apply_patch', tool_input: { command: 'diff --git' } }, /names no file/)
})

test('any bytes at all are a payload or a refusal, never another error', () => {
  const object = fc.dictionary(
    fc.constantFrom(
      'hook_event_name',
      'session_id',
      'tool_name',
      'tool_input',
      'conversation_id',
      'timestamp',
      'cwd',
      '__proto__',
    ),
    fc.oneof(fc.constantFrom('PreToolUse', 'Bash', 'beforeShellExecution', 's', '/w'), fc.jsonValue()),
  )
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), object.map(bytesOf)), (bytes) => {
      try {
        deedsOf(readPayload(bytes))
      } catch (error) {
        assert.ok(error instanceof HookError, String(error))
      }
    }),
    { numRuns: 3000 },
  )
})

const BEFORE = { event: 'PreToolUse', moment: 'before' } as const

test('a refusal exits with the code that blocks, in every dialect, whatever else it says', () => {
  for (const harness of HARNESSES) {
    const { exit, stdout, stderr } = wordsFor({ ...BEFORE, harness }, { effect: 'deny', reason: 'because' })
    assert.equal(exit, 2)
    assert.equal(stderr, 'Warder: because\n')
    assert.match(stdout, harness === 'cursor' ? /"permission":"deny"/ : /"permissionDecision":"deny"/)
  }
})

test('a yes of ours leaves the harness its own rules, and a question is put only where somebody sees it', () => {
  assert.deepEqual(wordsFor({ ...BEFORE, harness: 'claude-code' }, { effect: 'none' }), {
    exit: 0,
    stdout: '',
    stderr: '',
  })
  const asked = (harness: (typeof HARNESSES)[number]) =>
    wordsFor({ ...BEFORE, harness }, { effect: 'ask', reason: 'r' })
  assert.match(asked('claude-code').stdout, /"permissionDecision":"ask"/)
  assert.equal(asked('codex').exit, 2)
  assert.equal(canHarnessAsk({ harness: 'claude-code', mode: 'default' }), true)
  for (const mode of ['acceptEdits', 'yolo', 'bypassPermissions', 'dontAsk', 'auto', '']) {
    assert.equal(canHarnessAsk({ harness: 'claude-code', mode }), false)
  }
  assert.equal(canHarnessAsk({ harness: 'codex', mode: 'default' }), false)
})

test('after a call in a locked session the agent is told to stop', () => {
  const after = { harness: 'claude-code', event: 'PostToolUse', moment: 'after' } as const
  const said = JSON.parse(wordsFor(after, { effect: 'deny', reason: 'locked', halt: true }).stdout) as object
  assert.deepEqual(said, {
    continue: false,
    stopReason: 'Warder: locked',
    decision: 'block',
    reason: 'Warder: locked',
  })
})
