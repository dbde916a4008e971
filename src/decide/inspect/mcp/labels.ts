import { fold } from './fold.ts'
import { LABELLING, PARAMETER_SETS } from './rules/label.ts'
import { DANGEROUS_LABELS, LABEL_NAMES, type Label, type LabelName, type Leaf } from './types.ts'

/** What a tool says it can do, each label once, with where it says so. */
export function labelsOf(definition: unknown, leaves: readonly Leaf[]): readonly Label[] {
  const found = new Map<LabelName, Label>()
  for (const leaf of leaves)
    for (const label of inLeaf(leaf)) if (!found.has(label.name)) found.set(label.name, label)
  for (const label of inParameters(leaves)) if (!found.has(label.name)) found.set(label.name, label)
  const annotated = inAnnotations(definition)
  if (annotated !== undefined && !found.has('destructive')) found.set('destructive', annotated)
  return LABEL_NAMES.flatMap((name) => found.get(name as LabelName) ?? [])
}

function label(name: LabelName, field: string, reason: string, start: number, end: number): Label {
  return { name, isDangerous: DANGEROUS_LABELS.includes(name), field, reason, start, end }
}

function inLeaf(leaf: Leaf): Label[] {
  const isWhole = leaf.role === 'name' || leaf.role === 'title' || leaf.role === 'description'
  if (!isWhole && leaf.role !== 'parameter') return []
  const { text, source } = leaf.role === 'name' ? named(leaf.text) : fold(leaf.text)
  return LABELLING.flatMap(({ name, reason, pattern, unless, parameters = false, names = false }) => {
    if ((!isWhole && !parameters) || (names && leaf.role !== 'name')) return []
    const match = pattern.exec(text)
    if (match === null) return []
    const end = match.index + match[0].length
    // the words behind it say what it is about: "runs a function in the page"
    if (unless?.test(text.slice(Math.max(0, match.index - 12), end + 40)) === true) return []
    return [
      label(
        name,
        leaf.field,
        reason,
        source[match.index] ?? 0,
        (source[end - 1] ?? leaf.text.length - 1) + 1,
      ),
    ]
  })
}

/** The words of a name: `runCommand` and `run_command` are `run command`. */
export function wordsOf(name: string): string {
  return name
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}

function named(name: string): { text: string; source: readonly number[] } {
  const { text } = fold(wordsOf(name))
  // a place in the words is not one in the name: the whole name is meant
  return { text, source: Array.from(text, (_, at) => (at === 0 ? 0 : Math.min(at, name.length - 1))) }
}

function inParameters(leaves: readonly Leaf[]): Label[] {
  const keys = leaves
    .filter(({ role, field }) => role === 'key' && /^\/inputSchema\/properties\/[^/]+$/.test(field))
    .map(({ text, field }) => ({ words: fold(wordsOf(text)).text, field, length: text.length }))
  return PARAMETER_SETS.flatMap(({ name, reason, sets }) => {
    const set = sets.find((patterns) =>
      patterns.every((pattern) => keys.some(({ words }) => pattern.test(words))),
    )
    const first = set === undefined ? undefined : keys.find(({ words }) => set[0]!.test(words))
    return first === undefined ? [] : [label(name, first.field, reason, 0, first.length)]
  })
}

function inAnnotations(definition: unknown): Label | undefined {
  const { annotations } = (typeof definition === 'object' && definition !== null ? definition : {}) as {
    annotations?: { destructiveHint?: unknown; readOnlyHint?: unknown } | null
  }
  if (typeof annotations !== 'object' || annotations === null) return undefined
  if (annotations.destructiveHint !== true || annotations.readOnlyHint === true) return undefined
  return label('destructive', '/annotations/destructiveHint', 'is annotated as destructive', 0, 0)
}
