import { stringify } from 'yaml'
import type { Source } from './read.ts'
import type { PolicyDocument } from './schema.ts'

/** A unified diff that adds one allow rule behind the rules there are; none when they stand in one line, as in JSON. */
export function appendRuleDiff(
  source: Source<PolicyDocument>,
  agent: string,
  capability: string,
): string | undefined {
  const lines = source.text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  const place = placeFor(source, lines)
  if (place === undefined) return undefined
  const { at, indent, isNew } = place
  const rule = [
    `- id: ${freeId(source.value, `allow-${agent}`)}`,
    `  agents: [${agent}]`,
    '  effect: allow',
    `  capabilities: [${quoted(capability)}]`,
    '  reason: say why',
  ].map((line) => `+${indent}${line}`)
  const added = isNew ? ['+rules:', ...rule] : rule
  const before = lines.slice(Math.max(0, at - 3), at)
  const after = lines.slice(at, at + 3)
  const from = Math.max(0, at - 3) + 1
  const old = before.length + after.length
  return [
    `--- ${source.file}`,
    `+++ ${source.file}`,
    `@@ -${from},${old} +${from},${old + added.length} @@`,
    ...before.map((line) => ` ${line}`),
    ...added,
    ...after.map((line) => ` ${line}`),
    '',
  ].join('\n')
}

/** Where the next rule belongs: behind the last line of the last rule, or at the end under a new `rules:`. */
function placeFor(
  source: Source<PolicyDocument>,
  lines: readonly string[],
): { at: number; indent: string; isNew: boolean } | undefined {
  const { rules } = source.value
  if (rules === undefined)
    return /^\s*\{/.test(source.text) ? undefined : { at: lines.length, indent: '  ', isNew: true }
  const first = rules.length === 0 ? undefined : lineOf(source.where(['rules', 0]))
  const written = first === undefined ? undefined : /^(\s*)- /.exec(lines[first - 1] ?? '')
  if (first === undefined || written === undefined || written === null) return undefined
  const indent = written[1] ?? ''
  let at = lineOf(source.where(['rules', rules.length - 1]))
  while (at < lines.length && belongs(lines[at] ?? '', indent)) at++
  while (at > 0 && (lines[at - 1] ?? '').trim() === '') at--
  return { at, indent, isNew: false }
}

function belongs(line: string, indent: string): boolean {
  return line.trim() === '' || line.startsWith(`${indent} `)
}

function lineOf(where: string): number {
  return Number(where.split(':').at(-2))
}

function freeId(document: PolicyDocument, wanted: string): string {
  const taken = new Set(document.rules?.map(({ id }) => id))
  const base = wanted.slice(0, 56)
  let id = base
  for (let i = 2; taken.has(id); i++) id = `${base}-${i}`
  return id
}

function quoted(text: string): string {
  return stringify(text, { defaultStringType: 'QUOTE_DOUBLE', lineWidth: 0 }).trimEnd()
}
