import type { RiskLevel } from '../../../core/risk.ts'
import { fold, skeletonOf } from './fold.ts'

export interface ServerTools {
  readonly name: string
  readonly tools: readonly { readonly name: string; readonly description?: string | undefined }[]
}

/** A name that stands for two things, or passes for another. */
export interface Shadow {
  readonly rule: 'shadow.same' | 'shadow.alike' | 'shadow.server' | 'shadow.mention'
  readonly server: string
  readonly name: string
  readonly otherServer: string
  readonly otherName: string
  readonly reason: string
  readonly severity: RiskLevel
}

/** Names that two servers share or that look alike, and tools that speak of another server's tools. */
export function shadowing(servers: readonly ServerTools[]): readonly Shadow[] {
  const seen = new Map<string, { server: string; name: string }[]>()
  const found: Shadow[] = []
  for (const { name: server, tools } of servers) {
    for (const { name } of tools) {
      const skeleton = skeletonOf(name)
      const others = seen.get(skeleton) ?? []
      for (const other of others)
        if (other.server !== server || other.name !== name) found.push(alike(server, name, other))
      seen.set(skeleton, [...others, { server, name }])
    }
  }
  return [...found, ...alikeServers(servers), ...mentions(servers)]
}

function alike(server: string, name: string, other: { server: string; name: string }): Shadow {
  const isSame = name === other.name
  // two servers may both have a "search"; two spellings of one name, one of them with foreign letters, mean to deceive
  const isForged =
    fold(name).text !== name.toLowerCase() || fold(other.name).text !== other.name.toLowerCase()
  return {
    ...{ rule: isSame ? 'shadow.same' : 'shadow.alike', server, name },
    ...{ otherServer: other.server, otherName: other.name },
    reason: isSame
      ? `${server} and ${other.server} both have a tool ${name}`
      : `${name} of ${server} reads like ${other.name} of ${other.server}`,
    severity: isForged ? 'critical' : isSame ? 'medium' : 'high',
  }
}

function alikeServers(servers: readonly ServerTools[]): Shadow[] {
  const seen = new Map<string, string>()
  return servers.flatMap(({ name }): Shadow[] => {
    const other = seen.get(skeletonOf(name))
    seen.set(skeletonOf(name), other ?? name)
    if (other === undefined || other === name) return []
    const names = { server: name, name, otherServer: other, otherName: other }
    return [
      { rule: 'shadow.server', ...names, reason: `the server ${name} reads like ${other}`, severity: 'high' },
    ]
  })
}

/** Ordinary words are names of tools, too; these are not looked for. */
const TELLING = /[_\-A-Z]/

function mentions(servers: readonly ServerTools[]): Shadow[] {
  const owners = new Map<string, string[]>()
  for (const { name: server, tools } of servers)
    for (const { name } of tools)
      if (TELLING.test(name) && name.length >= 5) owners.set(name, [...(owners.get(name) ?? []), server])
  return servers.flatMap(({ name: server, tools }) =>
    tools.flatMap(({ name, description = '' }) =>
      [...new Set(description.match(/[\w-]{5,128}/g) ?? [])].flatMap((word): Shadow[] => {
        const theirs = owners.get(word) ?? []
        const [otherServer] = theirs
        if (otherServer === undefined || theirs.includes(server)) return []
        const reason = `${name} of ${server} speaks of ${word}, a tool of ${otherServer}`
        return [
          { rule: 'shadow.mention', server, name, otherServer, otherName: word, reason, severity: 'high' },
        ]
      }),
    ),
  )
}
