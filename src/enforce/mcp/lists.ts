import { hidden, notHeld } from './catalogue.ts'
import type { Desk } from './desk.ts'
import { isMembers, type Members } from './frame.ts'
import { rulesFor, type NameRule } from './policy.ts'
import type { AskedKind, DefinitionKind } from './ports.ts'

const MOST_PAGES = 64
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
  catalogue.begin()
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
    if (typeof nextCursor !== 'string') {
      catalogue.isWhole = true
      return
    }
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
  if (isFirstPage) catalogue.begin()
  const known = await catalogue.learn(listed as unknown[], isMore)
  if (isFirstPage && !isMore) catalogue.isWhole = true
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
  return kept.length === listed.length ? result : { ...result, tools: kept }
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
    return typeof name === 'string' && maybeAllowed(rules, name, listing) ? [{ name, definition }] : []
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
  return kept.length === listed.length
    ? result
    : { ...result, [listing.list]: kept.map(({ definition }) => definition) }
}

function maybeAllowed(rules: readonly NameRule[], name: string, { key }: Listing): boolean {
  if (key !== 'uriTemplate') return rulesFor(rules, name).action !== 'deny'
  const start = name.split('{')[0] ?? ''
  return rules.some(({ pattern, action }) => {
    const fixed = pattern.split('*')[0] ?? ''
    return action !== 'deny' && (fixed.startsWith(start) || start.startsWith(fixed))
  })
}
