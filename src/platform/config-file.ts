import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Node, type Pair } from 'yaml'

/** One value a file sets, and where it stands. */
export interface FileValue {
  readonly key: string
  readonly value: string
  readonly where: string
}

/** Why a file cannot be taken; nothing of it is used then. */
export class ConfigFileProblem extends Error {
  override readonly name = 'ConfigFileProblem'
  readonly where: string

  constructor(what: string, where: string) {
    super(what)
    this.where = where
  }
}

const MAX_DEPTH = 4

/**
 * Reads a configuration file as flat keys: `audit: {witness: x}` and `audit.witness: x` are the same. Values stay
 * texts (YAML's failsafe schema), so that a file, a flag and a variable are checked by the same parser.
 *
 * @throws ConfigFileProblem for what is not YAML, a key that stands there twice, an alias, a tag, or a wrong shape
 */
export function parseConfigFile(file: string, source: string): FileValue[] {
  const lines = new LineCounter()
  const document = parseDocument(source, { schema: 'failsafe', lineCounter: lines, prettyErrors: false })
  const at = (offset: number | undefined): string => {
    const { line, col } = lines.linePos(offset ?? 0)
    return `${file}:${line}:${col}`
  }
  const problem = document.errors[0] ?? document.warnings[0]
  if (problem !== undefined) throw new ConfigFileProblem(problem.message, at(problem.pos[0]))
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === '')) return []
  const values: FileValue[] = []
  const seen = new Set<string>()
  walk(document.contents, '', 0)
  return values

  function walk(node: Node, prefix: string, depth: number): void {
    const start = node.range?.[0]
    if (node.tag !== undefined && !node.tag.startsWith('tag:yaml.org,2002:')) {
      throw new ConfigFileProblem('tags are not known here', at(start))
    }
    if (isMap<Node, Node | null>(node)) {
      if (depth >= MAX_DEPTH) throw new ConfigFileProblem('it is nested too deeply', at(start))
      for (const pair of node.items) walk(valueOf(pair), `${prefix}${keyOf(pair)}`, depth + 1)
    } else if (prefix === '') {
      throw new ConfigFileProblem('the file must hold keys and values', at(start))
    } else {
      add(prefix.slice(1), node, start)
    }
  }

  function add(key: string, node: Node, start: number | undefined): void {
    if (seen.has(key)) throw new ConfigFileProblem(`${key} stands there twice`, at(start))
    seen.add(key)
    values.push({ key, value: textOf(key, node), where: at(start) })
  }

  function textOf(key: string, node: Node): string {
    if (isScalar(node) && typeof node.value === 'string') return node.value
    if (!isSeq<Node>(node)) throw new ConfigFileProblem(`${key} has no plain value`, at(node.range?.[0]))
    return node.items
      .map((item) => {
        if (isScalar(item) && typeof item.value === 'string' && !item.value.includes(',')) return item.value
        throw new ConfigFileProblem(`${key} must be a list of plain values`, at(item.range?.[0]))
      })
      .join(',')
  }

  function keyOf(pair: Pair<Node, Node | null>): string {
    if (isScalar(pair.key) && typeof pair.key.value === 'string') return `.${pair.key.value}`
    throw new ConfigFileProblem('a key must be a plain word', at(pair.key.range?.[0]))
  }

  function valueOf(pair: Pair<Node, Node | null>): Node {
    if (pair.value !== null) return pair.value
    throw new ConfigFileProblem(`${keyOf(pair).slice(1)} has no value`, at(pair.key.range?.[0]))
  }
}
