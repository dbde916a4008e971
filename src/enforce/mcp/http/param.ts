/** An argument of a tool that its definition wants repeated in a header field (`x-mcp-header`). */
export interface ParamField {
  readonly header: string
  readonly path: readonly string[]
  readonly type: string
}

const KEY = 'x-mcp-header'
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}$/
const TYPES = ['string', 'integer', 'number', 'boolean']
const DECIMAL = /^-?\d+(?:\.\d+)?$/
const MAX_DEPTH = 16
const MAX_FIELDS = 64

/** What a tool's definition wants repeated; what is not declared as the revision allows it is not. */
export function paramsOf(inputSchema: unknown): readonly ParamField[] {
  const found: ParamField[] = []
  collect(inputSchema, [], found)
  const names = found.map(({ header }) => header.toLowerCase())
  // two of one name: nobody can tell which is meant, so neither is
  return found
    .filter((_, at) => names.indexOf(names[at] ?? '') === names.lastIndexOf(names[at] ?? ''))
    .slice(0, MAX_FIELDS)
}

function collect(schema: unknown, path: readonly string[], found: ParamField[]): void {
  if (!isObject(schema) || path.length > MAX_DEPTH || found.length > MAX_FIELDS) return
  const header = schema[KEY]
  const type = schema['type']
  if (
    path.length > 0 &&
    typeof header === 'string' &&
    TOKEN.test(header) &&
    typeof type === 'string' &&
    TYPES.includes(type)
  )
    found.push({ header, path, type })
  const properties = schema['properties']
  if (!isObject(properties)) return
  for (const [key, each] of Object.entries(properties)) collect(each, [...path, key], found)
}

const MOST_TOOLS = 2000

/** What the tools of a server repeat of their arguments, as far as their definitions have been seen. */
export class ToolParams {
  readonly #params = new Map<string, readonly ParamField[]>()

  /** From an answer to `tools/list`. */
  learn(result: Readonly<Record<string, unknown>>): void {
    const tools = result['tools']
    if (!Array.isArray(tools)) return
    for (const tool of tools) {
      const name = isObject(tool) ? tool['name'] : undefined
      if (typeof name !== 'string' || (this.#params.size >= MOST_TOOLS && !this.#params.has(name))) continue
      this.#params.set(name, paramsOf((tool as Record<string, unknown>)['inputSchema']))
    }
  }

  /** @returns undefined for a tool whose definition has not been seen */
  of(tool: unknown): readonly ParamField[] | undefined {
    return typeof tool === 'string' ? this.#params.get(tool) : undefined
  }
}

/** The header fields these arguments are repeated in, with their texts. */
export function paramFields(given: unknown, params: readonly ParamField[]): [string, string][] {
  return params.flatMap(({ header, path }) => {
    const text = textOf(
      path.reduce<unknown>(
        (at, key) => (isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined),
        given,
      ),
    )
    return text === undefined ? [] : [[header, text] as [string, string]]
  })
}

/**
 * Whether a header field repeats what an argument says. Of a tool whose definition has not been seen, it must at least say
 * what one of the arguments says: nobody on the way may be told what the server is not.
 */
export function declared(
  header: string,
  text: string,
  given: unknown,
  params?: readonly ParamField[],
): boolean {
  if (params === undefined) return textsOf(given).some((each) => isSame(text, each))
  const param = params.find((each) => each.header.toLowerCase() === header)
  if (param === undefined) return false
  return paramFields(given, [param]).some(
    ([, each]) => each === text || (param.type !== 'string' && isSame(text, each)),
  )
}

function isSame(text: string, given: string): boolean {
  return text === given || (DECIMAL.test(text) && DECIMAL.test(given) && Number(text) === Number(given))
}

function textsOf(given: unknown): string[] {
  if (!isObject(given) && !Array.isArray(given)) return []
  return Object.values(given).flatMap((each) => (isObject(each) ? textsOf(each) : (textOf(each) ?? [])))
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return String(value)
  return typeof value === 'number' && (!Number.isInteger(value) || Number.isSafeInteger(value))
    ? String(value)
    : undefined
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
