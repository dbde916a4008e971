import { hidden, notHeld } from './catalogue.ts'
import type { Desk } from './desk.ts'
import { isMembers, type Members } from './frame.ts'
import { rulesFor, type NameRule } from './policy.ts'
import type { AskedKind, DefinitionKind } from './ports.ts'
import { textsIn } from './texts.ts'

const MOST_PAGES = 64
/** Of a URI; what is longer cannot be read by it either. */
const LONGEST_NAME = 4096
const LISTINGS = new WeakMap<Desk, Promise<void>>()

/** Lists the tools of the server by ourselves, before the first call is judged; those that come meanwhile wait for it too. */
export function learnTools(desk: Desk): Promise<void> {
  const under = LISTINGS.get(desk)
  if (under !== undefined) return under
  const listing = listAll(desk).finally(() => LISTINGS.delete(desk))
  LISTINGS.set(desk, listing)
  return listing
}

async function listAll({ catalogue, own, ownMeta }: Desk): Promise<void> {
  const done = catalogue.begin()
  let cursor: unknown
  for (let page = 0; page < MOST_PAGES; page++) {
    const meta = ownMeta()
    const params = {
      ...(cursor === undefined ? {} : { cursor }),
      ...(meta === undefined ? {} : { _meta: meta }),
    }
    const { tools, nextCursor } = await own('tools/list', params)
    if (!Array.isArray(tools)) throw new Error('its answer to tools/list holds no list')
    await catalogue.learn(tools as unknown[], typeof nextCursor === 'string')
    if (typeof nextCursor !== 'string') return done()
    cursor = nextCursor
  }
  throw new Error(`its list of tools has more than ${MOST_PAGES} pages`)
}

/** The tools of a list that may be called, by the same rules as calls. The same object where that is all of them. */
export async function filterTools(desk: Desk, result: Members, isFirstPage: boolean): Promise<Members> {
  const { catalogue, policy, ports } = desk
  const listed = result['tools']
  if (!Array.isArray(listed)) throw new Error('an answer to tools/list holds no list')
  const isMore = typeof result['nextCursor'] === 'string'
  const done = isFirstPage ? catalogue.begin() : undefined
  const known = await catalogue.learn(listed as unknown[], isMore)
  if (!isMore) done?.()
  const open = known.filter((tool) => hidden(tool, catalogue.rules(tool.name), policy) === undefined)
  const visible = await ports.visible(
    'tool',
    open.map(({ name }) => name),
  )
  const kept = open.filter(({ name }) => visible.has(name)).map(({ definition }) => definition)
  for (const definition of kept) {
    for (const pattern of notHeld(definition)) {
      const [rule, reason] = ['schema.pattern', `a pattern of its schema is not held: ${pattern}`]
      ports.record({
        kind: 'found',
        method: 'tools/list',
        name: String(definition['name']),
        rule,
        reason,
        verdict: 'marked',
      })
    }
  }
  return listOf(desk, result, 'tools', kept)
}

/** What belongs to an answer with a list, beside the list. */
const BESIDE = ['nextCursor', '_meta', 'ttlMs', 'cacheScope', 'resultType']

/**
 * The answer with this list and nothing that is no part of such an answer: a second list under another name would be
 * looked into by nobody.
 */
function listOf({ policy, ports }: Desk, result: Members, list: string, kept: readonly unknown[]): Members {
  const beside = BESIDE.filter((name) => Object.hasOwn(result, name))
  const meta = result['_meta']
  const isMetaBad =
    meta !== undefined && ports.inspect.text(textsIn(meta).join('\n'), 'mcp-metadata').verdict === 'blocked'
  const names = isMetaBad ? beside.filter((name) => name !== '_meta') : beside
  const isSame =
    kept.length === (result[list] as unknown[]).length && Object.keys(result).length === names.length + 1
  if (isSame) return result
  if (isMetaBad) {
    const [rule, reason] = ['list.meta', 'what it says beside its list reads like an attack']
    ports.record({ kind: 'refused', from: 'server', method: list, name: policy.name, rule, reason })
  }
  return { [list]: kept, ...Object.fromEntries(names.map((name) => [name, result[name]])) }
}

interface Listing {
  readonly list: 'resources' | 'resourceTemplates' | 'prompts'
  readonly kind: DefinitionKind
  readonly asked: AskedKind
  readonly key: 'uri' | 'uriTemplate' | 'name'
}

const LISTS: Readonly<Record<string, Listing>> = {
  'resources/list': { list: 'resources', kind: 'resource', asked: 'resource', key: 'uri' },
  'resources/templates/list': {
    list: 'resourceTemplates',
    kind: 'resource-template',
    asked: 'resource',
    key: 'uriTemplate',
  },
  'prompts/list': { list: 'prompts', kind: 'prompt', asked: 'prompt', key: 'name' },
}

/** The resources, templates or prompts of a list that may be read. */
export async function filterNamed(desk: Desk, method: string, result: Members): Promise<Members> {
  const listing = LISTS[method]
  if (listing === undefined) throw new Error(`${method} is no list`)
  const { policy, catalogue, ports } = desk
  const listed = result[listing.list]
  if (!Array.isArray(listed)) throw new Error(`an answer to ${method} holds no list`)
  const rules = listing.list === 'prompts' ? policy.prompts : policy.resources
  const named = (listed as unknown[]).flatMap((definition) => {
    const name = isMembers(definition) ? definition[listing.key] : undefined
    const isName = typeof name === 'string' && name.length <= LONGEST_NAME
    return isName && maybeAllowed(rules, name, listing) ? [{ name, definition }] : []
  })
  const judged = await catalogue.judge(listing.kind, named, typeof result['nextCursor'] === 'string')
  const good = named.filter((_, i) => judged[i]?.approval.isGood === true)
  // a template is no resource yet: what is read through it is decided when it is read
  const isTemplate = listing.list === 'resourceTemplates'
  const visible = isTemplate
    ? undefined
    : await ports.visible(
        listing.asked,
        good.map(({ name }) => name),
      )
  const kept = good.filter(({ name }) => visible === undefined || visible.has(name))
  return listOf(
    desk,
    result,
    listing.list,
    kept.map(({ definition }) => definition),
  )
}

function maybeAllowed(rules: readonly NameRule[], name: string, { key }: Listing): boolean {
  if (key !== 'uriTemplate') return rulesFor(rules, name).action !== 'deny'
  const start = name.split('{')[0] ?? ''
  return rules.some(({ pattern, action }) => {
    const fixed = pattern.split('*')[0] ?? ''
    return action !== 'deny' && (fixed.startsWith(start) || start.startsWith(fixed))
  })
}
