import { z } from 'zod'
import { ContentError } from './errors.ts'

/** Anything JSON can say. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue }

/** Why a value does not fit, in words without the value; undefined when it does. */
export type SchemaCheck = (value: unknown) => string | undefined

/**
 * Makes a check of a JSON Schema, without making code of it. What the reader does not know it refuses here and not
 * later, so that no rule looks stricter than it is.
 *
 * @throws ContentError `CONTENT_RULE_INVALID`
 */
export function schemaCheck(where: string, schema: JsonValue): SchemaCheck {
  const read = parse(where, schema)
  return (value) => {
    const { success, error } = read.safeParse(value)
    if (success) return undefined
    const [issue] = error.issues
    const path = issue?.path.join('.') ?? ''
    return `${path === '' ? 'the answer' : path}: ${issue?.code ?? 'is not as described'}`
  }
}

function parse(where: string, schema: JsonValue): z.ZodType {
  const why = unkept(schema, '')
  if (why !== undefined) throw wrong(where, why)
  try {
    return z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0])
  } catch (error) {
    throw wrong(where, error instanceof Error ? error.message : 'it cannot be read', error)
  }
}

const SAID = ['title', 'description', '$schema', 'examples', '$comment']
const CHOICES = ['anyOf', 'oneOf', 'allOf'] as const

/** What the reader checks, and beside which type it does: elsewhere it would pass over it in silence. */
const CHECKED: Readonly<Record<string, readonly string[]>> = {
  object: ['properties', 'required', 'additionalProperties', 'minProperties', 'maxProperties'],
  array: ['items', 'prefixItems', 'minItems', 'maxItems', 'uniqueItems'],
  string: ['enum', 'const', 'minLength', 'maxLength', 'pattern'],
  number: ['enum', 'const', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  integer: ['enum', 'const', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  boolean: ['enum', 'const'],
  null: [],
}

/** What of a schema would not be kept, with the path to it; undefined when all of it is. */
function unkept(schema: JsonValue | undefined, path: string): string | undefined {
  const at = path === '' ? 'at its top' : `at ${path}`
  if (!isObject(schema)) return `${at} it is no object`
  const { type } = schema
  const choice = CHOICES.find((each) => each in schema)
  const allowed =
    typeof type === 'string'
      ? ['type', ...(CHECKED[type] ?? [])]
      : choice === undefined
        ? ['enum', 'const']
        : [choice]
  if (typeof type === 'string' && !Object.hasOwn(CHECKED, type))
    return `${at} there is no type ${JSON.stringify(type)}`
  const odd = Object.keys(schema).find((word) => !SAID.includes(word) && !allowed.includes(word))
  if (odd !== undefined)
    return `${at} "${odd}" is not checked${typeof type === 'string' ? ` beside type ${type}` : ''}`
  if (!Object.keys(schema).some((word) => allowed.includes(word))) return `${at} it describes nothing`
  return unkeptNames(schema, at) ?? unkeptBelow(schema, path)
}

function unkeptNames(
  { type, required, properties, items, prefixItems }: JsonObject,
  at: string,
): string | undefined {
  const names = Array.isArray(required) ? required : []
  const missing = names.find((name) => !isObject(properties) || !Object.hasOwn(properties, String(name)))
  if (missing !== undefined) return `${at} "${String(missing)}" is required and not among the properties`
  return type === 'array' && (items ?? prefixItems) === undefined
    ? `${at} an array says nothing of its items`
    : undefined
}

function unkeptBelow(schema: JsonObject, path: string): string | undefined {
  const { properties, additionalProperties, items } = schema
  const below: [string, JsonValue][] = isObject(properties) ? Object.entries(properties) : []
  for (const [word, one] of Object.entries({ additionalProperties, items })) {
    if (one !== undefined && typeof one !== 'boolean') below.push([word, one])
  }
  for (const word of ['prefixItems', ...CHOICES]) {
    const several = schema[word]
    if (Array.isArray(several))
      below.push(...several.map((one: JsonValue, i): [string, JsonValue] => [`${word}.${i}`, one]))
  }
  return below
    .map(([name, one]) => unkept(one, path === '' ? name : `${path}.${name}`))
    .find((why) => why !== undefined)
}

type JsonObject = { readonly [name: string]: JsonValue }

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function wrong(where: string, why: string, cause?: unknown): ContentError {
  return new ContentError(
    where,
    `the schema of ${where} cannot be checked: ${why}`,
    'give each part one type and the words for it (properties, required, items, enum, limits), or one of anyOf, oneOf, allOf',
    cause,
  )
}
