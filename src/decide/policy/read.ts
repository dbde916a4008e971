import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments, type Node } from 'yaml'
import type * as z from 'zod'
import { messageOf } from '../../core/error.ts'
import { PolicyError, type FileProblem } from './error.ts'

const MAX_BYTES = 1024 * 1024
const MAX_DEPTH = 20
const MAX_PROBLEMS = 100

/** A path into the value, as Zod writes it. */
export type Path = readonly PropertyKey[]

/** A file's value, with the place of everything in it. */
export interface Source<T> {
  readonly value: T
  readonly text: string
  readonly file: string
  /** `file:line:column` of what stands at `path`, or of the nearest thing around it. */
  readonly where: (path: Path) => string
}

interface Found extends FileProblem {
  readonly offset: number
}

export type ReportAt = (path: Path, what: string, fix: string) => void

/** What a file must be. */
export interface Form<T> {
  readonly schema: z.ZodType<T>
  readonly code: 'POLICY_INVALID' | 'POLICY_TEST_INVALID'
  /** Looks into whatever was written, so that its problems are told together with those of the schema. */
  readonly inspect?: (raw: unknown, report: ReportAt) => void
  /** Looks into the value, once it has its shape, for what the schema cannot say. */
  readonly check?: (value: T, report: ReportAt) => void
}

/**
 * Reads a small YAML file of plain values: one document in UTF-8, no anchors, aliases, tags or merge keys, no key twice,
 * at most 1 MiB and 20 levels. JSON is YAML too.
 *
 * @throws PolicyError the form's code, with every problem found
 */
export function readYaml<T>(bytes: string | Uint8Array, file: string, form: Form<T>): Source<T> {
  const { schema, code, inspect, check } = form
  const problems: Found[] = []
  const text = decode(bytes, file, code)
  const lines = new LineCounter()
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return `${file}:${Math.max(line, 1)}:${Math.max(col, 1)}`
  }
  const report = (offset: number, what: string, fix: string) =>
    problems.push({ offset, where: at(offset), what, fix })
  const offsets = new Map<string, number>()
  const raw = parseOne(text, lines, report, offsets, file, code)
  if (raw === undefined) throw refusal(problems, file, code)
  const reportAt: ReportAt = (path, what, fix) => report(nearest(offsets, path), what, fix)
  inspect?.(raw, reportAt)
  const parsed = schema.safeParse(raw)
  if (parsed.success) check?.(parsed.data, reportAt)
  else {
    // a place that was spoken of in its own words needs no second message
    const told = new Set(problems.map(({ offset }) => offset))
    for (const issue of parsed.error.issues) {
      reportIssue(issue, offsets, (offset, what, fix) => told.has(offset) || report(offset, what, fix))
    }
  }
  if (!parsed.success || problems.length > 0) throw refusal(problems, file, code)
  return { value: parsed.data, text, file, where: (path) => at(nearest(offsets, path)) }
}

function reportIssue(
  issue: z.core.$ZodIssue,
  offsets: ReadonlyMap<string, number>,
  report: (offset: number, what: string, fix: string) => unknown,
): void {
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) {
      const path = [...issue.path, key]
      report(
        offsets.get(keyOf(path)) ?? nearest(offsets, path),
        `${name(path)} is not a known key`,
        'take it out, or correct its spelling',
      )
    }
    return
  }
  const path = issue.path
  report(
    offsets.get(issue.code === 'invalid_key' ? keyOf(path) : '') ?? nearest(offsets, path),
    `${name(path)}: ${issue.message}`,
    'write a value of the form the message asks for',
  )
}

function refusal(
  problems: Found[],
  file: string,
  code: 'POLICY_INVALID' | 'POLICY_TEST_INVALID',
): PolicyError {
  const sorted = problems.toSorted((a, b) => a.offset - b.offset).slice(0, MAX_PROBLEMS)
  const first = sorted[0] ?? { where: file, what: 'it cannot be read', fix: 'check the file' }
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
  return new PolicyError(
    code,
    { what: `${first.where}: ${first.what}${more}`, fix: first.fix, where: first.where },
    sorted.map(({ where, what, fix }) => ({ where, what, fix })),
  )
}

function decode(
  bytes: string | Uint8Array,
  file: string,
  code: 'POLICY_INVALID' | 'POLICY_TEST_INVALID',
): string {
  const refuse = (what: string, fix: string) =>
    refusal([{ offset: 0, where: `${file}:1:1`, what, fix }], file, code)
  const size = typeof bytes === 'string' ? Buffer.byteLength(bytes) : bytes.byteLength
  if (size > MAX_BYTES) throw refuse(`it has ${size} bytes, more than ${MAX_BYTES}`, 'make it smaller')
  if (typeof bytes === 'string') return bytes
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw refuse('it is not UTF-8', 'save it as UTF-8')
  }
}

type Report = (offset: number, what: string, fix: string) => unknown

function parseOne(
  text: string,
  lines: LineCounter,
  report: Report,
  offsets: Map<string, number>,
  file: string,
  code: 'POLICY_INVALID' | 'POLICY_TEST_INVALID',
): unknown {
  // a stack overflow inside the parser would otherwise be a crash instead of a refusal
  if (deepest(text) > MAX_DEPTH * 10) {
    report(0, 'it is nested too deeply', `use at most ${MAX_DEPTH} levels`)
    return undefined
  }
  try {
    const documents = parseAllDocuments(text, {
      lineCounter: lines,
      prettyErrors: false,
      version: '1.2',
      schema: 'core',
      uniqueKeys: true,
      strict: true,
    })
    const list = Array.isArray(documents) ? documents : []
    for (const document of list) {
      for (const problem of [...document.errors, ...document.warnings]) {
        report(problem.pos[0], yamlProblem(problem.message), 'correct the YAML there')
      }
    }
    const [only, second] = list
    if (second !== undefined) {
      report(second.range[0], 'a second document begins here', 'keep one document in one file')
    }
    if (only?.contents === undefined || only.contents === null) {
      report(0, 'it is empty', 'begin with: version: 1')
      return undefined
    }
    const value = plain(only.contents, [], offsets, report)
    return list.some(({ errors }) => errors.some((error) => error.code !== 'DUPLICATE_KEY'))
      ? undefined
      : value
  } catch (cause) {
    throw refusal(
      [
        {
          offset: 0,
          where: `${file}:1:1`,
          what: `it cannot be parsed: ${messageOf(cause)}`,
          fix: 'correct the YAML',
        },
      ],
      file,
      code,
    )
  }
}

function yamlProblem(message: string): string {
  return message === 'Map keys must be unique' ? 'this key stands here twice' : message.replace(/\s+/g, ' ')
}

/** How many brackets are open at once: a bound on the parser's recursion. */
function deepest(text: string): number {
  let open = 0
  let most = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x5b || code === 0x7b) most = Math.max(most, ++open)
    else if (code === 0x5d || code === 0x7d) open = Math.max(0, open - 1)
  }
  return most
}

/** Plain data from the tree, every place remembered; what is more than plain data is reported. */
function plain(node: Node | null, path: Path, offsets: Map<string, number>, report: Report): unknown {
  if (node === null) return null
  const offset = node.range?.[0] ?? 0
  offsets.set(placeOf(path), offset)
  if (path.length > MAX_DEPTH) {
    report(offset, 'it is nested too deeply', `use at most ${MAX_DEPTH} levels`)
    return undefined
  }
  if (isAlias(node)) {
    report(offset, `*${node.source} is an alias`, 'write the value out; put a star in quotes: "*"')
    return undefined
  }
  if (node.anchor !== undefined)
    report(offset, `&${node.anchor} is an anchor`, 'write the value out each time')
  if (node.tag !== undefined) report(offset, `${node.tag} is a tag`, 'take it out')
  if (isScalar(node)) return node.value
  if (isSeq(node))
    return node.items.map((item, i) => plain(item as Node | null, [...path, i], offsets, report))
  if (!isMap(node)) return undefined
  const entries: [string, unknown][] = []
  for (const pair of node.items) {
    const key = pair.key as Node
    const place = key.range?.[0] ?? offset
    if (!isScalar(key) || typeof key.value !== 'string') {
      report(place, 'this key is not a text', 'put it in quotes')
      continue
    }
    if (key.anchor !== undefined || key.tag !== undefined) {
      report(place, 'this key has an anchor or a tag', 'take it out')
    }
    if (key.value === '<<' || key.value === '__proto__') {
      report(place, `${key.value} is not a known key`, 'take it out')
      continue
    }
    const inner = [...path, key.value]
    offsets.set(keyOf(inner), place)
    entries.push([key.value, plain(pair.value as Node | null, inner, offsets, report)])
  }
  return Object.fromEntries(entries)
}

function placeOf(path: Path): string {
  return JSON.stringify(path.map(String))
}

function keyOf(path: Path): string {
  return `key ${placeOf(path)}`
}

function nearest(offsets: ReadonlyMap<string, number>, path: Path): number {
  for (let length = path.length; length >= 0; length--) {
    const inner = path.slice(0, length)
    const offset = offsets.get(placeOf(inner)) ?? offsets.get(keyOf(inner))
    if (offset !== undefined) return offset
  }
  return 0
}

function name(path: Path): string {
  return path.length === 0
    ? 'the file'
    : path
        .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
        .join('')
        .replace(/^\./, '')
}
