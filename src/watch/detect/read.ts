import { isMap, LineCounter, parseDocument, visit, type Document } from 'yaml'
import { DetectError } from './error.ts'
import { KIND_NAMES, ruleFileSchema, type RuleFile } from './schema.ts'

/** A rule file is small; one that is not is refused before it is parsed. */
export const MOST_RULE_BYTES = 512 * 1024

/**
 * Reads a file of detection rules: YAML 1.2, without aliases and tags, every key known.
 *
 * @param file only for messages
 * @throws DetectError `DETECT_RULES_INVALID` with `file:line:column`
 */
export function parseRules(text: string, file: string): RuleFile {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, strict: true, uniqueKeys: true, schema: 'core' })
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return `${file}:${line}:${col}`
  }
  const [error] = [...document.errors, ...document.warnings]
  if (error !== undefined) throw invalid(error.message.split('\n')[0] ?? 'not YAML', at(error.pos[0]))
  const alias = firstAlias(document)
  if (alias !== undefined) throw invalid('aliases are not allowed', at(alias))
  const result = ruleFileSchema.safeParse(document.toJS({ maxAliasCount: 0 }))
  if (!result.success) {
    const { path, message } = deepest(result.error.issues)
    throw invalid(`${path.join('.') || 'the file'}: ${message}`, at(offsetOf(document, path)))
  }
  const twice = firstTwice(result.data.rules.map(({ id }) => id))
  if (twice !== undefined)
    throw invalid(
      `the rule ${result.data.rules[twice]!.id} stands there twice`,
      at(offsetOf(document, ['rules', twice, 'id'])),
    )
  return result.data
}

interface Issue {
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly code?: string
  readonly keys?: readonly string[]
  readonly errors?: readonly (readonly Issue[])[]
}

interface Fault {
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** In a choice of shapes the fault is told of the shape that was understood furthest: it is the one that was meant. */
function deepest(issues: readonly Issue[], before: readonly (string | number)[] = []): Fault {
  // a misspelt key is also one that is missing; the first is what somebody wants to hear
  const first = issues.toSorted((one, other) => Number(isUnknown(other)) - Number(isUnknown(one)))
  const faults = first.map((issue): Fault => {
    const path = [...before, ...issue.path.map((key) => (typeof key === 'number' ? key : String(key)))]
    const inner = (issue.errors ?? []).filter((each) => each.length > 0).map((each) => deepest(each, path))
    const further = inner.toSorted((one, other) => other.path.length - one.path.length)[0]
    if (further !== undefined && further.path.length > path.length) return further
    const unknown = isUnknown(issue) ? (issue.keys ?? []).slice(0, 1) : []
    return { path: [...path, ...unknown], message: issue.message }
  })
  return faults[0] ?? { path: before, message: 'invalid' }
}

function isUnknown({ code }: Issue): boolean {
  return code === 'unrecognized_keys'
}

function firstTwice(ids: readonly string[]): number | undefined {
  const found = ids.findIndex((id, at) => ids.indexOf(id) < at)
  return found === -1 ? undefined : found
}

function firstAlias(document: Document): number | undefined {
  const found: { at?: number } = {}
  visit(document, {
    Alias: (_, { range }) => {
      found.at = range?.[0] ?? 0
      return visit.BREAK
    },
  })
  return found.at
}

/** Where in the text a value stands, or what holds it when it is missing. */
function offsetOf(document: Document, path: readonly (string | number)[]): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const parent: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length - 1), true)
    const key = isMap(parent)
      ? parent.items.find((item) => String(item.key) === String(path[length - 1]))?.key
      : undefined
    const node: unknown = key ?? (length === 0 ? parent : document.getIn(path.slice(0, length), true))
    const range = (node as { range?: readonly number[] } | undefined)?.range
    if (range?.[0] !== undefined) return range[0]
  }
  return 0
}

function invalid(what: string, where: string): DetectError {
  return new DetectError('DETECT_RULES_INVALID', {
    what,
    where,
    fix: `correct it, then: warder watch test FILE; its shape is in schemas/detect.schema.json (kinds: ${KIND_NAMES.join(', ')})`,
  })
}
