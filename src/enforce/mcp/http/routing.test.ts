import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readMessage, type ReadMessage } from '../frame.ts'
import { decodedField, encodedField, fieldsOf } from './field.ts'
import { paramsOf, type ParamField } from './param.ts'
import { checkRouting, routingOf } from './routing.ts'
import { spokenIn, STATELESS, type Spoken } from './version.ts'

const META = {
  'io.modelcontextprotocol/protocolVersion': STATELESS,
  'io.modelcontextprotocol/clientCapabilities': {},
}

function message(method: string, params: Record<string, unknown> = {}, id: unknown = 1): ReadMessage {
  const body = { jsonrpc: '2.0', id, method, params }
  const read = readMessage(JSON.stringify(body), { messageBytes: 100_000 })
  assert.notEqual(read.kind, 'unreadable')
  return read as ReadMessage
}

const call = (params: Record<string, unknown>) => message('tools/call', { ...params, _meta: META })
const fields = (more: Record<string, string>) => fieldsOf(Object.entries(more).flat())

function problem(
  of: ReadMessage,
  more: Record<string, string>,
  params?: readonly ParamField[],
): string | undefined {
  const given = fields(more)
  const spoken = spokenIn(of, given)
  const turned = 'status' in spoken ? spoken : checkRouting(of, given, spoken, params)
  return turned === undefined ? undefined : `${turned.status} ${turned.code} ${turned.rule}`
}

const HEAD = { 'MCP-Protocol-Version': STATELESS, 'Mcp-Method': 'tools/call', 'Mcp-Name': 'add' }
const MISMATCH = '400 -32020 http-headers'

test('header fields that say what the body says are let through, in any case and with blanks around', () => {
  assert.equal(problem(call({ name: 'add' }), HEAD), undefined)
  assert.equal(problem(call({ name: 'add' }), { ...HEAD, 'Mcp-Name': '  add\t' }), undefined)
  assert.equal(problem(call({ name: 'add' }), { ...HEAD, 'Mcp-Name': '=?base64?YWRk?=' }), undefined)
})

test('header fields that say something else, or nothing, are turned away', () => {
  const wrong: Record<string, string>[] = [
    { ...HEAD, 'Mcp-Method': 'tools/list' },
    { ...HEAD, 'Mcp-Method': 'TOOLS/CALL' },
    { ...HEAD, 'Mcp-Name': 'remove' },
    { ...HEAD, 'Mcp-Name': 'Add' },
    { ...HEAD, 'Mcp-Name': '=?base64?YWRk=?=' },
    { ...HEAD, 'Mcp-Name': '=?base64?/w==?=' },
    { ...HEAD, 'MCP-Protocol-Version': '2025-11-25' },
    { ...HEAD, 'mcp-name': 'add', 'MCP-NAME': 'remove' },
    { 'MCP-Protocol-Version': STATELESS, 'Mcp-Name': 'add' },
    { 'MCP-Protocol-Version': STATELESS, 'Mcp-Method': 'tools/call' },
    { 'Mcp-Method': 'tools/call', 'Mcp-Name': 'add' },
  ]
  for (const each of wrong) assert.equal(problem(call({ name: 'add' }), each), MISMATCH, JSON.stringify(each))
})

test('in the older revisions nobody has to send them, but what is sent must be true', () => {
  const old = message('tools/call', { name: 'add' })
  assert.equal(problem(old, {}), undefined)
  assert.equal(problem(old, { 'mcp-method': 'tools/call', 'mcp-name': 'add' }), undefined)
  assert.equal(problem(old, { 'mcp-method': 'tools/list' }), MISMATCH)
  assert.equal(problem(old, { 'mcp-name': 'remove' }), MISMATCH)
})

test('arguments that are repeated in header fields must be the same there', () => {
  const of = call({ name: 'add', arguments: { region: 'eu', n: 42, deep: { on: true } } })
  const region = paramsOf({ properties: { region: { type: 'string', 'x-mcp-header': 'Region' } } })
  assert.equal(problem(of, { ...HEAD, 'Mcp-Param-Region': 'eu' }, region), undefined)
  assert.equal(problem(of, { ...HEAD, 'Mcp-Param-Region': 'us' }, region), MISMATCH)
  assert.equal(problem(of, { ...HEAD, 'Mcp-Param-Other': 'eu' }, region), MISMATCH)
  assert.equal(problem(of, HEAD, region), MISMATCH)
  assert.equal(problem(of, { ...HEAD, 'Mcp-Param-Any': '42.0' }), undefined)
  assert.equal(problem(of, { ...HEAD, 'Mcp-Param-Any': 'us' }), MISMATCH)
  assert.equal(problem(of, { ...HEAD, 'Mcp-Param-Any': 'true' }), undefined)
})

test('which arguments are repeated is read as strictly as the revision says', () => {
  const header = (name: unknown, type = 'string') => ({ type, 'x-mcp-header': name })
  const read = (properties: Record<string, unknown>) => paramsOf({ properties }).map((each) => each.header)
  assert.deepEqual(
    read({ a: header('A'), b: { type: 'object', properties: { c: header('C', 'integer') } } }),
    ['A', 'C'],
  )
  assert.deepEqual(read({ a: header('A'), b: header('a') }), [])
  assert.deepEqual(
    read({ a: header('A\r\nX: y'), b: header(''), c: header(7), d: header('D', 'object') }),
    [],
  )
  assert.deepEqual(paramsOf({ 'x-mcp-header': 'Root', type: 'string' }), [])
  assert.deepEqual(paramsOf({ items: { properties: { a: header('A') } } }), [])
})

test('what goes to the server is made from the body, and is always let through again', () => {
  const stateless: Spoken = { era: 'stateless', version: STATELESS }
  const region = paramsOf({ properties: { region: { type: 'string', 'x-mcp-header': 'Region' } } })
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', minLength: 1 }),
      fc.string({ unit: 'grapheme' }),
      (name, said) => {
        if (!name.isWellFormed() || !said.isWellFormed()) return
        const of = call({ name, arguments: { region: said } })
        const made = routingOf(of, STATELESS, 'stateless', region)
        for (const value of Object.values(made)) assert.match(value, /^[\u0020-\u007e]*$/)
        assert.equal(checkRouting(of, fields(made), stateless, region), undefined)
      },
    ),
  )
})

test('a text survives its way through a header field', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      if (text.isWellFormed()) assert.equal(decodedField(encodedField(text)), text)
    }),
  )
})

test('which revision a request is of is told by its body, and the header field may only agree', () => {
  const of = (params: Record<string, unknown>, more: Record<string, string>, method = 'tools/list') => {
    const spoken = spokenIn(message(method, params), fields(more))
    return 'status' in spoken ? `${spoken.status} ${spoken.code}` : `${spoken.era} ${spoken.version ?? ''}`
  }
  const version = (value: string) => ({ 'mcp-protocol-version': value })
  assert.equal(of({ _meta: META }, version(STATELESS)), `stateless ${STATELESS}`)
  assert.equal(of({}, version('2025-11-25')), 'sessions 2025-11-25')
  assert.equal(of({}, {}), 'sessions ')
  assert.equal(of({}, version(STATELESS)), '400 -32602')
  assert.equal(of({ _meta: META }, {}), '400 -32020')
  assert.equal(
    of({ _meta: { ...META, 'io.modelcontextprotocol/clientCapabilities': 1 } }, version(STATELESS)),
    '400 -32602',
  )
  assert.equal(
    of({ _meta: { 'io.modelcontextprotocol/protocolVersion': 'v9' } }, version('v9')),
    '400 -32602',
  )
  assert.equal(
    of({ _meta: { ...META, 'io.modelcontextprotocol/protocolVersion': 'v9' } }, version('v9')),
    '400 -32022',
  )
  assert.equal(of({}, version('2024-11-05')), '400 -32022')
  assert.equal(of({}, version('2025-99-99')), '400 -32022')
  assert.equal(of({ protocolVersion: '2024-11-05' }, {}, 'initialize'), '400 -32022')
  assert.equal(of({ protocolVersion: '2025-11-25' }, {}, 'initialize'), 'sessions 2025-11-25')
  assert.equal(of({ protocolVersion: '2025-11-25' }, version(STATELESS), 'initialize'), '400 -32020')
})
